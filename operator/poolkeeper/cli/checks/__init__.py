"""What `poolkeeper check` looks at, one file for each matter.

    reading   asks the API server, once for each list          (input and output)
    known     what was read, and what could not be
    table     which checks there are, in the order in which they are told
    finding   what a check says: what is wrong, why that matters, how to put it right

All but reading, rights' questions and the look at a pool's sources are pure functions of what was read.
"""
