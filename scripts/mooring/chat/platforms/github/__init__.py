"""GitHub: comments of issues and pull requests; answers as one comment that is edited. https://docs.github.com/webhooks"""
