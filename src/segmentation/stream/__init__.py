"""Micro-batches: what lands in a folder or is added to a table goes through the whole project, while readers read.

`make stream` runs `segmentation.stream.__main__`. Everything here is about files, the journal and their order; what is
computed from them is dbt's, which `building` runs inside this process.
"""
