"""People whom a business knows, and what each of them agreed to. Here, since `tenants` knows nothing of the API."""
