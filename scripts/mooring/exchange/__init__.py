"""Other tools' files into documents, and documents into other tools' files. Nothing that is read is ever run."""
