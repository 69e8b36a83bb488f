"""A schools register with as many made-up establishments as are asked for, as CSV on standard
output: the columns of the register that matter, in its own words."""

import csv
import sys

COUNCILS = [301, 302, 303, 304, 305, 306]
HEADER = [
    "URN", "LA (code)", "LA (name)", "EstablishmentNumber", "EstablishmentName",
    "TypeOfEstablishment (code)", "EstablishmentTypeGroup (code)", "EstablishmentStatus (code)",
    "PhaseOfEducation (code)", "StatutoryLowAge", "StatutoryHighAge", "UKPRN", "Town", "Postcode",
    "OpenDate", "CloseDate",
]  # fmt: skip

out = csv.writer(sys.stdout)
out.writerow(HEADER)
for at in range(int(sys.argv[1])):
    council, number = COUNCILS[at % len(COUNCILS)], 2000 + at // len(COUNCILS)
    name = f"Made-up School {at + 1}"
    out.writerow(
        [300_000 + at, council, "Council", number, name, "02", 4, 1, 2, 4, 11, "", "Exampleton"]
        + ["ZZ99 3WZ", "01-09-2001", ""]
    )
