"""OpenAI-compatible servers: chat and raw completions, streamed, with one retry policy.

`server` holds the client and what is known of the server: `dialect` says which parameters it accepts, `load` how many
samples it works on at once. `wire` writes request bodies and reads chunks, `events` splits an answer into events,
`drafts` assembles samples from events, `report` reads errors, `retry` classifies failures, `attempt` follows one HTTP
request, `pace` enforces rate limits, `engine` splits n over requests and retries the missing samples. `batch`
uses the provider's batch API.
"""
