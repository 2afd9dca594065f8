"""Tools of agents: one way to call them, and four things they may be bound to.

A call passes `BoundTool` (limits, schemas, breaker, tries, time) and then a binding: an HTTP request, a function in
a worker process, a call of a server that speaks the Model Context Protocol, or what is remembered of the user.
"""
