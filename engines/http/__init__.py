"""OpenAI-compatible servers: chat and raw completions, streamed, with one retry policy.

`server` holds the client and the parameters that the server accepts, `wire` writes request bodies and reads chunks,
`retry` classifies failures, `attempt` follows one HTTP request, `pace` enforces rate limits, `engine` splits n over
requests and retries the missing samples alone. `batch` uses the provider's batch API.
"""
