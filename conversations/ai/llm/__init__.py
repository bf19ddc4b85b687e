"""Language models that answer customers. Each SDK is imported only when AI_BACKEND names it: the extra `llm`."""
