"""OpenAI-compatible servers: chat and raw completions, streamed, with one retry policy.

`wire` writes request bodies and reads chunks, `retry` says what is worth asking again, `attempt` follows one HTTP
request, `engine` splits n, keeps the siblings of a failed sample and asks again for what is missing.
"""
