"""Edits of the text of YAML documents: what is not meant keeps its bytes, and each result is read again."""
