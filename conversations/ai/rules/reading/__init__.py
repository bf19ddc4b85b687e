"""What is in a text: times, addresses, names, jobs, meanings. Each reader is a grammar or a word list of its own."""
