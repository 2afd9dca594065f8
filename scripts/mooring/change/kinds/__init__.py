"""What differences mean, one module per kind: rules by path, and notes on a document as a whole."""
