"""Names, nicknames and streets that people of the world may have."""

import numpy as np


def _words(text: str) -> np.ndarray:
    return np.array(text.split(), dtype=object)


FEMALE_NAMES = _words(
    "Emma Olivia Ava Sophia Mia Amelia Harper Evelyn Abigail Emily Ella Grace Chloe Nora Hazel Aurora Lucy "
    "Anna Maya Leah Ruth Rosa Elena Priya Aisha Mei Carmen Ingrid Naomi Teresa Katherine Elizabeth Margaret "
    "Jennifer Patricia Susan Jessica Barbara Rebecca Deborah Michelle Kimberly Victoria Alexandra Samantha "
    "Christine Isabella Charlotte Penelope Lillian Natalie Zoe Hannah Leila Fatima Yuki Linh Sofia Valentina "
    "Camila Lucia Gabriela Mariana Beatrice Eleanor Josephine"
)
MALE_NAMES = _words(
    "Liam Noah Oliver James Lucas Mason Ethan Logan Jacob Jack Aiden Samuel David Joseph Carter Owen Wyatt "
    "Luke Henry Isaac Diego Omar Raj Wei Andre Marco Peter Victor Hugo Felix Robert William Richard Michael "
    "Christopher Matthew Anthony Daniel Thomas Charles Edward Ronald Timothy Benjamin Nicholas Alexander "
    "Jonathan Andrew Patrick Gregory Kenneth Steven Raymond Lawrence Theodore Frederick Carlos Luis Miguel "
    "Jose Antonio Ahmed Ali Hassan Minh Kenji Ivan Dmitri Kofi"
)
FAMILY_NAMES = _words(
    "Smith Johnson Brown Garcia Miller Davis Martinez Lopez Wilson Anderson Thomas Taylor Moore Jackson Lee "
    "Perez White Harris Clark Lewis Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill Flores "
    "Green Adams Nelson Baker Rivera Campbell Mitchell Carter Roberts Gomez Phillips Evans Turner Diaz Parker "
    "Cruz Edwards Collins Reyes Stewart Morris Morales Murphy Cook Rogers Patel Kim Chen Shah Hernandez "
    "Gonzalez Ramirez Sanchez Castillo Jimenez Vasquez Romero Herrera Medina Aguilar Guzman Mendoza Vargas "
    "Rojas Ward Peterson Gray Ramsey Watson Brooks Kelly Sanders Price Bennett Wood Barnes Ross Henderson "
    "Coleman Jenkins Perry Powell Long Hughes Washington Butler Simmons Foster Bryant Russell Griffin Hayes "
    "Myers Ford Hamilton Graham Sullivan Wallace Woods Cole West Jordan Owens Reynolds Fisher Ellis Harrison "
    "Gibson Mcdonald Marshall Ortiz Murray Freeman Wells Webb Simpson Stevens Tucker Porter Hunter Hicks "
    "Crawford Henry Boyd Mason Kennedy Warren Dixon Ramos Burns Gordon Shaw Holmes Rice Robertson Hunt Black "
    "Daniels Palmer Mills Nichols Grant Knight Ferguson Rose Stone Hawkins Dunn Perkins Hudson Spencer Gardner "
    "Stephens Payne Pierce Berry Matthews Arnold Wagner Willis Ray Watkins Olson Carroll Duncan Snyder Hart "
    "Cunningham Bradley Lane Andrews Ruiz Harper Fox Riley Armstrong Carpenter Weaver Greene Lawrence Elliott "
    "Chavez Sims Austin Peters Kelley Franklin Lawson Fields Gutierrez Ryan Schmidt Carr Singh Ali Khan Wang "
    "Zhang Tran Le Pham Park Choi Nakamura Tanaka Ivanov Okafor Mensah Haddad Cohen Levy"
)
STREETS = _words(
    "Maple Oak Cedar Pine Elm Washington Lake Hill Park Main Church Mill River Spring Walnut Birch Willow "
    "Chestnut Highland Forest Sunset Meadow Jackson Lincoln Madison Franklin Adams Cherry Dogwood Magnolia "
    "Sycamore Poplar Valley Ridge Prospect Union Market Canal Bridge"
)
STREET_KINDS = _words("St Ave Rd Ln Dr Blvd Ct Pl")
NICKNAMES = {
    "Abigail": "Abby", "Emily": "Em", "Katherine": "Kate", "Elizabeth": "Liz", "Margaret": "Peggy", "Jennifer": "Jen",
    "Patricia": "Pat", "Susan": "Sue", "Jessica": "Jess", "Barbara": "Barb", "Rebecca": "Becky", "Deborah": "Deb",
    "Victoria": "Vicky", "Alexandra": "Sandra", "Samantha": "Sam", "Christine": "Chris", "Isabella": "Bella",
    "Charlotte": "Lottie", "Penelope": "Penny", "Eleanor": "Nell", "Josephine": "Jo", "Teresa": "Terry",
    "Olivia": "Liv", "Amelia": "Millie", "James": "Jim", "Samuel": "Sam", "David": "Dave", "Joseph": "Joe",
    "Jacob": "Jake", "Henry": "Hank", "Peter": "Pete", "Victor": "Vic", "Robert": "Bob", "William": "Bill",
    "Richard": "Dick", "Michael": "Mike", "Christopher": "Chris", "Matthew": "Matt", "Anthony": "Tony",
    "Daniel": "Dan", "Thomas": "Tom", "Charles": "Chuck", "Edward": "Ted", "Ronald": "Ron", "Timothy": "Tim",
    "Benjamin": "Ben", "Nicholas": "Nick", "Alexander": "Alex", "Jonathan": "Jon", "Andrew": "Andy", "Patrick": "Pat",
    "Gregory": "Greg", "Kenneth": "Ken", "Steven": "Steve", "Raymond": "Ray", "Lawrence": "Larry", "Theodore": "Ted",
    "Frederick": "Fred", "Oliver": "Ollie", "Lucas": "Luke", "Ethan": "Eth",
}  # fmt: skip
