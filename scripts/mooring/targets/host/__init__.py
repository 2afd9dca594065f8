"""What a host of slots keeps and runs beside them, be it a machine or a pod."""
