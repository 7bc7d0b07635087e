"""cems.py FOLDER OUT: what students chose of six business schools, two at a time, as tables that choices.cpp takes.

FOLDER is `data` of R's package BradleyTerry2 (Debian: r-cran-bradleyterry2; R itself is not needed). The choices are
those of Dittrich, Hatzinger, Katzenbeisser 1998; those that were tied or left out do not count. OUT/held_out.csv has
three of each student's fifteen, or fewer, by chance, the same every time; OUT/train.csv has the others.
"""

import os
import random
import sys

import r_data

SCHOOLS = ["Barcelona", "London", "Milano", "Paris", "St.Gallen", "Stockholm"]
# Of each trait the level that counts as 1, the other one as -1.
TRAITS = {"STUD": "other", "ENG": "poor", "FRA": "poor", "SPA": "poor", "ITA": "poor", "WOR": "yes", "SEX": "male"}
BATCH = 128


def choices(folder):
    """(student, chosen, rejected), and of each student the traits."""
    data = r_data.read(folder, "CEMS")
    tables = {name: table.columns() for name, table in zip(data.attributes["names"], data)}
    asked, students = tables["preferences"], tables["students"]
    rows = []
    for student, one, two, first, second in zip(*(asked[name] for name in
                                                  ("student", "school1", "school2", "win1", "win2"))):
        if first + second == 1:  # neither tied (both are 0) nor missing (no numbers)
            pair = (SCHOOLS.index(one), SCHOOLS.index(two))
            rows.append((int(student) - 1, *(pair if first == 1 else pair[::-1])))
    people = [[1 if students[trait][i] == level else -1 for trait, level in TRAITS.items()]
              for i in range(len(students["STUD"]))]
    return rows, people


def write(path, rows, people):
    with open(path, "w", encoding="utf-8") as file:
        print(*(name.lower() for name in TRAITS), "chosen", "rejected", "person", sep=",", file=file)
        for student, chosen, rejected in rows:
            print(*people[student], chosen, rejected, student, sep=",", file=file)


def main():
    folder, out = sys.argv[1:]
    rows, people = choices(folder)
    draw = random.Random(1)
    draw.shuffle(rows)
    held_out, train, taken = [], [], {}
    for row in rows:
        taken[row[0]] = taken.get(row[0], 0) + 1
        (held_out if taken[row[0]] <= 3 else train).append(row)
    while len(held_out) % BATCH:  # whole batches
        train.append(held_out.pop())
    os.makedirs(out, exist_ok=True)
    write(os.path.join(out, "train.csv"), train, people)
    write(os.path.join(out, "held_out.csv"), held_out, people)
    print(f"{len(train)} choices to learn from, {len(held_out)} held out, of {len(people)} students")


main()
