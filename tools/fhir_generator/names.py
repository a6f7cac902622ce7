"""What people and towns are called; `ODD_NAMES` are those that careless programs spoil."""

FAMILY_NAMES = (
    "Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson "
    "Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis "
    "Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall "
    "Rivera Campbell Mitchell Carter Roberts"
).split()

GIVEN_NAMES = (
    "James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara Richard Susan Joseph "
    "Jessica Thomas Sarah Charles Karen Christopher Lisa Daniel Nancy Matthew Betty Anthony Sandra Mark Margaret "
    "Donald Ashley Steven Kimberly Paul Emily Andrew Donna Joshua Michelle"
).split()

ODD_NAMES = [
    "O'Brien",
    "Nuñez-García",
    "Müller",
    "Łukasiewicz",
    "Å\u0301ström",
    "Çelik",
    "Иванова",
    "Παπαδόπουλος",
    "山田",
    "김",
    "محمد",
    "De la Cruz III",
    'Smith "Smitty"',
    "Back\\slash",
    "van der Berg",
    "Zoë\u0308",
    "Ng",
    "D’Angelo",
    "𝒳u",
]

CITIES = [
    ("Springfield", "MA", "01103"),
    ("Tucson", "AZ", "85701"),
    ("Madison", "WI", "53703"),
    ("Dover", "DE", "19901"),
    ("Fargo", "ND", "58102"),
    ("Boise", "ID", "83702"),
    ("Casper", "WY", "82601"),
    ("Bangor", "ME", "04401"),
    ("San José", "CA", "95113"),
    ("Truth or Consequences", "NM", "87901"),
    ("Stowe", "VT", "05672"),
    ("Ely", "NV", "89301"),
]
