from usage import TICKS, Usage, parsed

STAT = f"42 (pool (x) keeper) S 1 42 42 0 -1 4194304 9 0 0 0 {3 * TICKS} {TICKS} 0 0 20 0 3 0 100 200 300"
STATUS = "Name:\tpoolkeeper\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\nThreads:\t3\n"


def test_processor_time_is_user_and_system_time_whatever_the_name():
    assert parsed(STAT, STATUS) == Usage(4.0, 100.0, 200.0)


def test_line_tells_what_was_used_since_before():
    line = Usage(4.0, 100.0, 200.0).line(Usage(1.0, 0.0, 0.0), 60)
    assert line == "3.0 CPU seconds in 60 s (5.0 % of a core), 100 MB resident (peak 200)"
