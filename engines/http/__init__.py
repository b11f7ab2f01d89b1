"""OpenAI-compatible servers: chat and raw completions, streamed, with one retry policy.

`server` is the client and what the server takes, `wire` writes request bodies and reads chunks, `retry` says what is
worth asking again, `attempt` follows one HTTP request, `pace` keeps limits, `engine` splits n, keeps the siblings of a
failed sample and asks again for what is missing. `batch` asks through the provider's batch API.
"""
