"""The description of the API, made of its endpoints and of the models that they read and write."""
