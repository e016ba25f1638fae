"""Short and pet names by the name they stand for, as data: Rob is Robert, Sasha is Alexander.

Only pairs that a mere prefix or likeness of letters does not show are needed; a name stands under one root.
"""

_TABLE = """
abigail: abby abbie gail
alexander: alex alec sandy sasha xander саша алекс
alfred: alf alfie fred
andrew: andy drew
anthony: tony ant
barbara: barb babs
benjamin: ben benny benji
catherine: kate katie cathy kathy katherine kathryn kit kitty kathleen
charles: charlie chuck chas charley
christina: tina chris christine
christopher: kit topher
daniel: dan danny
david: dave davey davy
deborah: deb debbie debby
dorothy: dot dotty dolly
edward: ed eddie ted ned teddy edmund
eleanor: ellie nell nora
elizabeth: liz lizzie beth betty eliza bess libby elisabeth lisa betsy
emily: em emmy
eugene: gene
florence: flo florrie
francis: frank frankie
frederick: freddie freddy
gabriel: gabe
gerald: gerry jerry
gregory: greg
harold: hal harry
helen: nellie
henry: hank
isabella: bella izzy isabel izzie
jacob: jake
james: jim jimmy jamie
jane: janey
jennifer: jen jenny jenn
jessica: jess jessie
joanne: jo joanna
john: jack johnny jon
jonathan: jonny
joseph: joe joey
joshua: josh
judith: judy
kenneth: ken kenny
lawrence: larry laurence
leonard: len lenny leo
louis: lou lewis
margaret: maggie meg peggy marge margie greta rita
maria: мария маша
martha: marty patty
mary: molly polly mamie
matthew: matt matty
michael: mike mick micky mickey mikey миша
mikhail: михаил
nathaniel: nate nathan nat
nicholas: nick nicky nico
nicola: nikki
oliver: ollie
olivia: liv livvy
pamela: pam
patricia: pat patsy tricia trish
patrick: paddy
peter: pete
philip: phil
raymond: ray
rebecca: becky becca
richard: rick dick rich richie ricky
robert: rob bob bobby robbie bert
ronald: ron ronnie
rosemary: rosie rose
samantha: sammie
samuel: sam sammy
sarah: sally sadie
stephen: steve steven stevie
susan: sue susie suzie suzanne
terence: terry
theodore: theo
theresa: tess tessa terri
thomas: tom tommy
timothy: tim timmy
victoria: vicky vicki tori
vincent: vince
virginia: ginny
walter: walt wally
william: bill billy will willy liam
wolfgang: wolf
zachary: zach zack
"""
NICKNAMES: dict[str, tuple[str, ...]] = {
    line.split(":")[0]: tuple(line.split(":")[1].split()) for line in _TABLE.strip().splitlines()
}
