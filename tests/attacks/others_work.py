# %% reads-other-submissions: The neighbours' notebooks lie in the folders beside this one.
# evidence: EVIDENCE neighbours \[\]
found = []
for where, folders, names in os.walk("/"):
    folders[:] = [f for f in folders if f not in ("site-packages", "usr", "proc", "work")]
    found += [name for name in names if name.endswith(".ipynb")]
say("neighbours", found)

# %% reads-other-kernels: Other students' kernels run at the same time; their sockets have paths.
# evidence: EVIDENCE sockets 1
import glob
say("sockets", len({os.path.dirname(p) for p in glob.glob("/tmp/**/s/k-*", recursive=True)}))

# %% overwrites-the-submission: Changes what was handed in, so that the next run grades something else.
# evidence: EVIDENCE copy written
for name in os.listdir("."):
    open(name, "w").write("{}")
say("copy", "written")

# %% reads-home-folders: Keys and histories of whoever grades.
# evidence: EVIDENCE homes \[\]
found = []
for folder in ("/root", "/home"):
    for where, _, names in os.walk(folder):
        found += [n for n in names if n in (".bashrc", "id_rsa", "id_ed25519", ".netrc", ".bash_history", ".git-credentials")]
say("homes", found)
