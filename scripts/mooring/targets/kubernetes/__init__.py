"""The Kubernetes target: a slot is a Deployment, traffic is a Service whose selector names the live one."""
