"""What the variables of the project may say, what each segmentation makes of them, and the words for what is wrong.

``schema`` holds the models of all variables, ``resolve`` proves them and writes the table resolved_configuration,
``segmentations`` is what fitting and scoring read, and ``written`` makes the files that repeat any of it: the JSON
schema for editors and the macros for SQL.
"""
