"""What earlier versions kept, and how it is taken over."""
