"""documents.py HELP SHARE: holds sinterc's manual page and completions against what its --help says."""
import pathlib
import re
import sys

help_text = pathlib.Path(sys.argv[1]).read_text()
share = pathlib.Path(sys.argv[2])
options = re.findall(r"^  (?:-\w,)?(--[a-z-]+)", help_text, re.M)
for file in ("man/man1/sinterc.1", "bash-completion/completions/sinterc", "zsh/site-functions/_sinterc"):
    text = (share / file).read_text().replace("\\-", "-")
    for option in options:
        assert option in text, (file, option)
print(len(options), "options in man page, bash and zsh")
