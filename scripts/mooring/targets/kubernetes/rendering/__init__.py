"""Objects as text that a reviewer can read: plain manifests, a Kustomize base, a Helm chart."""
