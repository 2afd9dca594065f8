"""The process of a slot: joins the runtime and its door, and answers its supervisor."""
