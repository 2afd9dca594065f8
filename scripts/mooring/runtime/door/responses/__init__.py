"""OpenAI's Responses API: each response is a run, and a turn of a conversation that the next one may go on from."""
