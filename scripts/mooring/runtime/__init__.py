"""The agent server that a release deploys: everything a request meets."""
