"""The other way to change a cluster: manifests are committed to a branch that Argo CD or Flux carries out."""
