"""The keys of the live view, and what is said of them."""

from textual.binding import Binding, BindingType

KEYS: list[BindingType] = [
    Binding("e", "explain", "Explain"),
    Binding("p", "pause", "Pause"),
    Binding("slash", "filter", "Filter", key_display="/"),
    Binding("s", "sort", "Sort"),
    Binding("n", "namespace", "Namespace"),
    Binding("question_mark", "keys", "Keys", key_display="?"),
    Binding("q", "quit", "Quit"),
    Binding("escape", "unfilter", "All", show=False),
]
HELP = """\
e, Enter   explain the pool: the same as `poolkeeper explain`
p          pause the pool, or resume it, after a question
/          show what has this text; Esc shows all again
s          sort by the next of name, queue, cost, trouble, age
n          only the next namespace, then all again
?          these keys
q          leave

SIZE       █ ready  ▒ on its way  ▓ leaving  · free up to the most
           3/5 of 8: three ready, five asked for, at most eight
QUEUE      two minutes, ten seconds a character, and what waits now;
           it begins when the view is opened
yellow     not all is as it should be: the pane says what

Columns that a narrow screen has no room for stand in the pane below.
"""
