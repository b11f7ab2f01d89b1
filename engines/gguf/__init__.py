"""`gguf:` specs and named models: GGUF files run in this process by llama.cpp.

`models` is the table of named models, `hub` finds and downloads files, `header` reads what a file says about its model,
`memory` estimates a model's memory, `template` renders chat prompts, `server` runs llama.cpp, `engine` is the Engine.
llama.cpp (xllamacpp, the extra `gguf`) is imported only when a model is opened.
"""
