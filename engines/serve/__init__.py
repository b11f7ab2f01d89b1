"""An OpenAI-compatible server over any engine: `cure-agent serve --model micro`."""
