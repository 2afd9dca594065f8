"""Tools of agents: one way to call them, and three things they may be bound to.

A call passes `BoundTool` (limits, schemas, breaker, tries, time) and then a binding: an HTTP request, a function in
a worker process, or a call of a server that speaks the Model Context Protocol.
"""
