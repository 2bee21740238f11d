"""The small words of some languages: they tell which language a text is in, and nothing about its subject.

Written without diacritics where `memory.terms` leaves none. Greetings and thanks stand among them: whoever says
hello asks about nothing.
"""

FUNCTION_WORDS: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "english": """
            a about above after again against all also am an and any are arent as at be because been before
            being below between both but by can cannot cant could couldnt d did didnt do does doesnt doing dont
            down during each few for from further get got had hadnt has hasnt have havent having he her here
            hers herself him himself his how i if im in into is isnt it its itself ive just let lets ll m me
            more most my myself no nor not of off on once only or other ought our ours ourselves out over own
            please re s same shant she should shouldnt so some such t than that thats the their theirs them
            themselves then there these they this those through to too under until up ve very was wasnt we were
            werent what whats when where which while who whom why will with wont would wouldnt you your yours
            yourself yourselves hello hey hi thanks thank ok okay yes bye""",
        "german": """
            aber alle allem allen aller alles als also am an ander andere anderem anderen anderer anderes auch
            auf aus bei bin bis bist bitte da damit dann das dass dein deine deinem deinen deiner dem den denn
            der des dich die dies diese diesem diesen dieser dieses dir doch dort du durch ein eine einem einen
            einer eines er es etwas euch euer fur gegen gewesen hab habe haben hat hatte hatten hier hin hinter
            ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im in indem ins ist ja jede jedem jeden jeder jedes
            jetzt kann kein keine keinem keinen keiner konnen konnte machen man mein meine meinem meinen meiner
            mich mir mit muss musste nach nein nicht nichts noch nun nur ob oder ohne sehr sein seine seinem
            seinen seiner selbst sich sie sind so solche soll sollte sondern sonst uber um und uns unser unsere
            unter viel vom von vor wann war waren warum was weg weil weiter welche welchem welchen welcher
            welches wenn wer werde werden wie wieder will wir wird wo wollen worden wurde wurden zu zum zur zwar
            zwischen hallo danke guten morgen tschuss""",
        "french": """
            a ai ait au aux avais avait avec avez avoir c ce cela ces cet cette ceux chez comme comment d dans
            de des donc du elle elles en est et etais etait etant ete etre eu eux fait il ils j je l la le les
            leur leurs lui m ma mais me meme mes moi mon n ne ni nos notre nous on ont ou par pas peu peut plus
            pour pourquoi qu quand que quel quelle quelles quels qui quoi s sa sans se sera ses si son sont sous
            suis sur t ta te tes toi ton tous tout toute toutes tres tu un une vos votre vous y bonjour salut
            merci oui non bonsoir""",
        "spanish": """
            a al algo ante antes aqui asi aun como con cual cuales cuando cuanto de del desde donde dos e el
            ella ellas ellos en entre era eran eres es esa ese eso esta estaba estan estas este esto estos estoy
            fue fueron ha haber habia han has hasta hay he la las le les lo los mas me mi mis mucho muy nada ni
            no nos nosotros o os otra otro para pero poco por porque que quien se sea ser si sido sin sobre son
            soy su sus tambien tan te tengo tiene todo todos tu tus un una uno unos usted y ya yo hola gracias
            adios""",
        "italian": """
            a abbia abbiamo ad agli ai al alla alle allo anche avere aveva c che chi ci come con cosa cui da
            dagli dai dal dalla dalle dei del della delle dello di dove e ed era erano essere fa gli ha hai
            hanno ho i il in io l la le lei li lo loro lui ma mi mia mie miei mio ne negli nei nel nella nelle
            noi non nostro o per perche piu quale quali quando quanto quella quelle quelli quello questa queste
            questi questo se sei si sia siamo sono sta stato su sua sue sui sul sulla suo suoi ti tra tu tua tuo
            tutti tutto un una uno vi voi ciao grazie buongiorno""",
        "portuguese": """
            a ao aos aquela aquele aquilo as ate com como da das de dela dele deles depois do dos e ela elas ele
            eles em entre era eram essa esse esta estao estas estava este estou eu foi foram ha isso isto ja lhe
            mais mas me mesmo meu meus minha minhas muito na nao nas nem no nos nossa nosso num numa o os ou
            para pela pelas pelo pelos por porque qual quando que quem se sem ser seu seus so sua suas sao
            tambem te tem tenho ter teu tu tua um uma voce voces ola obrigado obrigada""",
        "dutch": """
            aan al alles als altijd andere ben bij daar dan dat de der deze die dit doch doen door dus een en er
            ge geen geweest haar had heb hebben heeft hem het hier hij hoe hun iemand iets ik in is ja je jij
            kan kon kunnen maar me meer men met mij mijn moet na naar niet niets nog nu of om omdat onder ons
            ook op over reeds te tegen toch toen tot u uit uw van veel voor want waren was wat welke werd wezen
            wie wij wil worden wordt zal ze zelf zich zij zijn zo zonder zou waarom wanneer waar hallo bedankt
            dank""",
        "swedish": """
            alla allt att av blev bli blir da de dem den denna deras dess det detta dig din dina ditt du efter
            eller en er ett fran for ha hade han hans har henne hennes hon honom hur har i icke ingen inom inte
            jag ju kan kunde man med mellan men mig min mina mitt mot mycket nar nagon nagot ni nu och om oss pa
            sa samma sedan sig sin sina sitt skulle som till under upp ut utan vad var vara varfor vi vid vilken
            vem hej tack""",
        "danish": """
            af alle alt anden at blev blive bliver da de dem den denne der deres det dette dig din dine disse
            dog du efter eller en end er et for fra ham han hans har havde have hende hendes her hos hun hvad
            hvem hvis hvor hvordan hvorfor i ikke ind jeg jer jo kunne man mange med meget men mig min mine mit
            mod nar ned noget nogle nu og ogsa om op os over pa sa sadan selv sig sin sine sit skal skulle som
            til ud under var vi vil ville vor hej tak""",
        "norwegian": """
            alle at av bare begge ble blei bli blir da de deg dei dem den denne der deres det dette di din du
            eller en er et ett etter for fordi fra ha hadde han hans har henne her hos hun hva hvem hvilken hvis
            hvor hvordan hvorfor i ikke inn jeg kan kom kunne man mange med meg meget mellom men mi min mitt mot
            mye ned noe noen nar na og ogsa om opp oss over pa sa seg selv si sin sitt skal skulle som til ut
            uten var vi vil ville vaere hei takk""",
        "finnish": """
            ei ja joka jos jotka kanssa kuin kuka kun me mika mina mina mita mitka mutta ne niin niita nyt oli
            olen olet olemme olla ollut on ovat se sen sina sita siina tai tama taman tassa te voi vain vaan han
            hanen etta mika missa miksi milloin minun sinun minulla moi hei kiitos""",
        "turkish": """
            ama ancak bana bazi belki ben benim bir biri biz bizim bu buna bunu bunun cok cunku da daha de degil
            diye dolayi en gibi hangi hem hep her hic icin ile ise kadar ki kim mi mu nasil ne neden nerede niye
            o olan olarak oldu olur ona onu onun sen senin siz su var ve veya ya yani yok zaman merhaba selam
            tesekkurler evet hayir""",
        "polish": """
            aby ale bo byc byl byla bylo byly co czy dla do gdy gdzie go ich ile im jak jako jego jej jest
            jestem jeszcze juz kiedy kto ktora ktore ktory ktorych ma mam mi mnie moj moja moje na nad nie niz o
            od on ona one oni oraz po pod przed przez przy sa sie sobie ta tak tam te tego tej ten to tu twoj ty
            tylko tym u w we wiec wszystko z za ze czesc dziekuje""",
        "czech": """
            a aby ale ani asi az bez bude by byl byla bylo co do i ja jak jako je jeho jej jejich jen jeste jsem
            jsi jsme jsou k kde kdo kdyz ke ktera ktere ktery ma mam me mezi mi mne moje muj my na nad ne nebo
            neni o od on ona oni po pod podle pokud pro proc pri s se si sve ta tak take tam te tedy ten to tu
            ty u uz v ve vsak z za ze ahoj dekuji""",
        "hungarian": """
            a az egy es ez hogy nem is de ha van volt csak mar meg mint vagy ki mi mit hol mikor miert hogyan en
            te o mi ti ok ezt azt ezek azok lesz nincs sem szia koszonom""",
        "romanian": """
            a ai al ale am ar are as asta au care ca cand ce cea cei cel cu cum cine da daca dar de din dintre
            doar e ea ei el este eu face fi fost iar ii il in la le lor lui ma mai mea mei meu mi ne ni nici noi
            nostru nu o ori pe pentru prin sa sau se si sunt sus tu un una unde unei unui va vom voi salut
            multumesc""",
        "indonesian": """
            ada adalah akan aku anda apa apakah atau bagaimana bahwa banyak bisa dalam dan dapat dari dengan di
            dia hanya harus ini itu jika juga kami kamu kapan karena ke kita lagi mana mengapa mereka oleh pada
            saat saja saya sebagai sudah telah tidak untuk yang halo terima kasih""",
        "russian": """
            а без более бы был была были было быть в вам вас весь во вот все всего всех вы где да даже для до
            его ее ей ему если есть еще же за зачем здесь и из или им их к как какая какие какой ко когда кто ли
            либо мне может мои мой моя мы на над надо наш не него нее нет ни них но ну о об однако он она они
            оно от очень по под потому почему при про с сам себя со так также такой там те тебя тем то того тоже
            той только том ты у уже хотя чего чей чем что чтобы чье эта эти это этот я привет спасибо
            здравствуйте""",
        "greek": """
            ο η το οι τα του της των τον την και κι να θα δεν δε μη μην με σε για απο προς στο στη στην στον στα
            στις στους που πως πωσ ποιος ποια ποιο τι αν αλλα ειναι ηταν εχω εχει εχουν ενα μια ενας αυτο αυτη
            αυτος μου σου μας σας γεια ευχαριστω""",
        "arabic": """
            في من على الى إلى عن مع هذا هذه ذلك التي الذي أن ان إن لا ما لم لن هل كيف متى أين اين لماذا هو هي هم
            أنا انا نحن أنت انت كان كانت قد ثم أو او و يا كل بعد قبل عند مرحبا شكرا""",
        "hindi": """
            और का की के है हैं था थे थी में से को पर यह वह क्या कब कहाँ क्यों कैसे मैं मेरा मेरी हम आप नहीं भी
            तो ने एक नमस्ते""",
    }.items()
}
"""By the name of the language's Snowball stemmer."""

OF_ONESELF: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "english": "i im ive me mine my our us we",
        "german": "ich mein meine meinem meinen meiner mich mir uns unser unsere wir",
        "french": "j je ma me mes moi mon nos notre nous",
        "spanish": "me mi mis nos nosotros soy tengo yo",
        "italian": "io mi mia mie miei mio noi nostro sono",
        "portuguese": "eu me meu meus minha minhas nos nossa nosso",
        "dutch": "ik me mij mijn ons wij",
        "swedish": "jag mig min mina mitt oss vi",
        "danish": "jeg mig min mine mit os vi",
        "norwegian": "jeg meg mi min mitt oss vi",
        "finnish": "mina minulla minun olen me",
        "turkish": "ben benim bana biz bizim",
        "polish": "jestem mam mi mnie moj moja moje",
        "czech": "ja jsem mam mi mne moje muj my",
        "hungarian": "en mi",
        "romanian": "eu mea mei meu mi noi nostru",
        "indonesian": "aku saya kami kita",
        "russian": "я мне меня мои мой моя мы наш нас",
        "greek": "εγω μου μας εχω",
        "arabic": "أنا انا نحن",
        "hindi": "मैं मेरा मेरी हम",
    }.items()
}
"""Words in which somebody speaks of themselves."""

_ENGLISH = """
    went:go gone:go goes:go took:take taken:take bought:buy made:make met:meet saw:see seen:see wrote:write
    written:write won:win began:begin begun:begin ran:run came:come gave:give given:give found:find felt:feel
    thought:think taught:teach told:tell said:say left:leave lost:lose kept:keep held:hold heard:hear grew:grow
    grown:grow flew:fly flown:fly ate:eat eaten:eat drove:drive driven:drive drew:draw drawn:draw done:do
    broke:break broken:break built:build became:become brought:bring caught:catch chose:choose chosen:choose
    fell:fall fallen:fall fought:fight forgot:forget forgotten:forget hid:hide hidden:hide knew:know known:know
    led:lead lent:lend meant:mean paid:pay rode:ride ridden:ride rose:rise risen:rise sang:sing sung:sing sent:send
    shot:shoot slept:sleep sold:sell spent:spend spoke:speak spoken:speak stood:stand stole:steal stolen:steal
    swam:swim swum:swim threw:throw thrown:throw understood:understand woke:wake woken:wake wore:wear worn:wear
    sought:seek lit:light hung:hang dealt:deal dreamt:dream learnt:learn shown:show forgave:forgive bit:bite
    bitten:bite blew:blow blown:blow drank:drink drunk:drink froze:freeze frozen:freeze dug:dig fed:feed shook:shake
    shaken:shake swore:swear sworn:swear tore:tear torn:tear bent:bend bound:bind burnt:burn fled:flee laid:lay
    sank:sink sunk:sink struck:strike swept:sweep stuck:stick spun:spin split:split wept:weep children:child men:man
    women:woman people:person wives:wife lives:life knives:knife leaves:leaf shelves:shelf halves:half mice:mouse
    feet:foot teeth:tooth geese:goose better:good best:good worse:bad worst:bad indices:index matrices:matrix
    vertices:vertex criteria:criterion analyses:analysis"""
IRREGULAR: dict[str, dict[str, str]] = {"english": dict(pair.split(":") for pair in _ENGLISH.split())}
"""Forms that no stemmer traces back, to the form that stands for them."""
