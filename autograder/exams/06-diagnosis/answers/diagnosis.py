# %% right: a dictionary written down
def diagnosis():
    return {"name": "ada", "line": 16, "fault": "labels-inverted"}


# %% right: a number as text, an e-mail address, and the fault's title
def diagnosis():
    return dict(name="Klara@uni.example", line="8", fault="The schedule is shorter than the run")


# %% right: a line beside one that is missing
found = {"name": "udo", "fault": "`scheduler-never-stepped`"}


def diagnosis():
    return found | {"line": 28}


# %% wrong: no-name
def diagnosis():
    return {"name": "", "line": 3, "fault": "not-shuffled"}


# %% wrong: no-such-line
def diagnosis():
    return {"name": "ada", "line": 0, "fault": "labels-inverted"}


# %% wrong: no-such-fault
def diagnosis():
    return {"name": "ada", "line": 16, "fault": "the labels"}


# %% wrong: neither-line-nor-fault
def diagnosis():
    return {"name": "ada", "line": 2, "fault": "not-shuffled"}


# %% wrong: another-line (0.5)
def diagnosis():
    return {"name": "ada", "line": 30, "fault": "labels-inverted"}


# %% wrong: another-fault (0.5)
def diagnosis():
    return {"name": "ada", "line": 16, "fault": "labels-of-other-rows"}


# %% wrong: missing-key
def diagnosis():
    return {"name": "ada", "line": 16}


# %% wrong: wrong-type
def diagnosis():
    return "ada", 16, "labels-inverted"


# %% wrong: returns-none
def diagnosis():
    {"name": "ada", "line": 16, "fault": "labels-inverted"}
