"""A plan's year: a queue with its directors, nurses and offices, drawn from a seed and played on the rules themselves.

`description` is the file that says what to play, `people` the directors it names, `drawing` the chance, `play` the
year, `nurses` their pile, `tally` what is counted, `result` the figures with those of the variants, `text` and `page`
how they are shown. Nothing is stored, nothing of the running system is touched.
"""
