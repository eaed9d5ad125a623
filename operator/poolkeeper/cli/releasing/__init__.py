"""How `poolkeeper release` leaves a workload: whole, on its own kind of nodes, and without a trace of the pool.

    seen      the halves, their pods and who of them is idle, as the API server has them
    steps     what to do next: pure
    course    reads, steps and tells until nothing is left to fold
    traces    what was written on others' objects, taken away

Nothing is kept between two steps but the size to end with, on the pool: a second run goes on where the first ended.
"""
