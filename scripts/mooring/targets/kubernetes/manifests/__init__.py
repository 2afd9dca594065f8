"""A release as objects of Kubernetes: plain dicts in a stable order. Nothing here reads or writes anything.

`shared` is what an environment has once, `service` the pointer to the live slot, `slot` one Deployment with what goes
with it, `keeper` the pod that keeps house.
"""
