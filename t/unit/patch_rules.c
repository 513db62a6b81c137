/* The rules of PATCH, one by one: what each operation makes of which resource,
 * what is refused in which words, and that the same again is the same. */
#include "proto/patch.h"
#include "schema/builtin.h"
#include "t/unit/tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

#define USER SCIM_URN_USER
#define ENT  SCIM_URN_ENTERPRISE

#define JOY  "'userName':'joy'"
#define WORK "{'type':'work','value':'w@x'}"
#define HOME "{'type':'home','value':'h@x'}"
#define MAILS "{" JOY ",'emails':[" WORK "," HOME "]}"
#define MAIN "{" JOY ",'emails':[{'type':'work','value':'w@x','primary':true},"\
    HOME "]}"
#define NAMES "{" JOY ",'name':{'givenName':'G','familyName':'F'}}"
#define BOSS "{" JOY ",'" ENT "':{'manager':{'value':'7'}}}"
#define REFERRED "{" JOY ",'" ENT "':{'manager':{'value':'7'," \
    "'$ref':'../Users/7'}}}"
#define NO_OBJECT "!invalidValue the value of " ENT \
    " must be an object of attributes"
#define NONE "!noTarget no element of emails matches the filter of the path," \
    " and none can be made from it: that takes \"eq\" joined by \"and\", with" \
    " one value for each part, of its type"

typedef struct row_t {
    const char *label;
    const char *before;         /* ' is a quote, ~ one within a string */
    const char *ops;
    const char *after;          /* NULL: as before; `!`: kind and detail */
} row_t;

static const row_t rows[] = {
    { "A1", "{" JOY "}", "", NULL },
    { "A1", "{" JOY "}", "{'op':'Replace','path':'title','value':'T'}",
      "{" JOY ",'title':'T'}" },
    { "A1", "{" JOY "}", "{'OP':'REPLACE','Path':'title','VALUE':'T','x':{}}",
      "{" JOY ",'title':'T'}" },
    { "A1", "{" JOY "}", "{'op':'add','path':null,'value':{'title':'T'}}",
      "{" JOY ",'title':'T'}" },
    { "A1", "{" JOY "}", "7", "!invalidSyntax operation 1 is not an object" },
    { "A1", "{" JOY "}", "{'op':'add','path':'title','value':'T'},[]",
      "!invalidSyntax operation 2 is not an object" },
    { "A1", "{" JOY "}", "{'path':'title','value':'T'}",
      "!invalidSyntax operation 1 has no op" },
    { "A1", "{" JOY "}", "{'op':7,'path':'title','value':'T'}",
      "!invalidSyntax operation 1 has no op" },

    { "A2", "{" JOY "}", "{'op':'add','path':'title','value':'A'},"
      "{'op':'replace','path':'title','value':'B'},"
      "{'op':'add','path':'title','value':'C'}", "{" JOY ",'title':'C'}" },
    { "A2", "{" JOY "}", "{'op':'remove','path':'userName'},"
      "{'op':'add','path':'userName','value':'ray'}", "{'userName':'ray'}" },
    { "A2", "{" JOY "}", "{'op':'replace','path':'userName','value':''},"
      "{'op':'replace','path':'userName','value':'ray'}",
      "{'userName':'ray'}" },
    { "A2", "{" JOY "}", "{'op':'add','path':'title','value':'A'},"
      "{'op':'remove','path':'title'}", NULL },
    { "A2", "{" JOY "}", "{'op':'add','path':'emails[type eq ~work~].value',"
      "'value':'w@x'},{'op':'add','path':'emails[type eq ~work~].primary',"
      "'value':true}", "{" JOY ",'emails':[{'type':'work','value':'w@x',"
      "'primary':true}]}" },
    { "A2", "{" JOY "}", "{'op':'add','path':'title','value':'A'},"
      "{'op':'add','path':'active','value':'maybe'}",
      "!invalidValue active must be true or false" },

    { "A3", "{" JOY "}", "{'op':'add','path':'userName','value':'ray'}",
      "{'userName':'ray'}" },
    { "A3", "{" JOY "}", "{'op':'replace','path':'externalId','value':'e'}",
      "{" JOY ",'externalId':'e'}" },
    { "A3", "{" JOY "}", "{'op':'add','path':'userName','value':'joy'}",
      NULL },
    { "A3", "{" JOY "}", "{'op':'add','path':'name.givenName','value':'J'}",
      "{" JOY ",'name':{'givenName':'J'}}" },
    { "A3", NAMES, "{'op':'replace','path':'name','value':{'givenName':'K'}}",
      "{" JOY ",'name':{'givenName':'K','familyName':'F'}}" },
    { "A3", MAILS, "{'op':'add','path':'emails','value':[{'type':'other',"
      "'value':'o@x'}]}", "{" JOY ",'emails':[" WORK "," HOME
      ",{'type':'other','value':'o@x'}]}" },
    { "A3", MAILS, "{'op':'add','path':'emails','value':[" WORK "]}", NULL },
    { "A3", MAILS, "{'op':'add','path':'emails','value':{'value':'W@X',"
      "'display':'W'}}", "{" JOY ",'emails':[{'type':'work','value':'W@X',"
      "'display':'W'}," HOME "]}" },
    { "A3", MAILS, "{'op':'add','path':'emails','value':[{'type':'home',"
      "'value':'w@x'}]}", "{" JOY ",'emails':[" WORK "," HOME
      ",{'type':'home','value':'w@x'}]}" },
    { "A3", MAILS, "{'op':'replace','path':'emails','value':[{'type':'other',"
      "'value':'o@x'}]}", "{" JOY ",'emails':[{'type':'other','value':'o@x'}]"
      "}" },

    { "A4", "{" JOY "}", "{'op':'replace','value':{'displayName':'D',"
      "'name.givenName':'G','" ENT ":department':'X'}}", "{" JOY
      ",'displayName':'D','name':{'givenName':'G'},'" ENT "':{'department':"
      "'X'}}" },
    { "A4", "{" JOY "}", "{'op':'add','value':{'" ENT "':{'department':'X',"
      "'manager':'7'}}}", "{" JOY ",'" ENT "':{'department':'X','manager':"
      "{'value':'7'}}}" },
    { "A4", "{" JOY "}", "{'op':'add','value':{'" ENT ":manager.value':'7'}}",
      BOSS },
    { "A4", "{" JOY "}", "{'op':'add','value':{'emails[type eq ~work~].value'"
      ":'w@x'}}", "{" JOY ",'emails':[" WORK "]}" },
    { "A4", NAMES, "{'op':'replace','value':{'name':{'givenName':'K'}}}",
      "{" JOY ",'name':{'givenName':'K','familyName':'F'}}" },
    { "A4", "{" JOY "}", "{'op':'add','value':{'TITLE':'T','" USER
      ":nickName':'N'}}", "{" JOY ",'title':'T','nickName':'N'}" },
    { "A4", "{" JOY "}", "{'op':'add','value':{'" USER "':{'title':'T'}}}",
      "{" JOY ",'title':'T'}" },
    { "A4", "{" JOY "}", "{'op':'add','value':{}}", NULL },
    { "A4", "{" JOY "}", "{'op':'add','value':{'no path':1,'title':'T'}}",
      "{" JOY ",'title':'T'}" },

    { "A5", "{" JOY "}", "{'op':'add','path':'NAME.GIVENNAME','value':'G'}",
      "{" JOY ",'name':{'givenName':'G'}}" },
    { "A5", "{" JOY "}", "{'op':'add','path':'" USER ":name.givenName',"
      "'value':'G'}", "{" JOY ",'name':{'givenName':'G'}}" },
    { "A5", "{" JOY "}", "{'op':'add','path':'" ENT ":department','value':'X'"
      "}", "{" JOY ",'" ENT "':{'department':'X'}}" },
    { "A5", "{" JOY "}", "{'op':'add','path':'" ENT ".department','value':'X'"
      "}", "{" JOY ",'" ENT "':{'department':'X'}}" },
    { "A5", "{" JOY "}", "{'op':'add','path':'" ENT "','value':{'department':"
      "'X'}}", "{" JOY ",'" ENT "':{'department':'X'}}" },
    { "A5", "{" JOY ",'" ENT "':{'department':'X','division':'Y'}}",
      "{'op':'remove','path':'" ENT "'}", "{" JOY "}" },
    { "A5", "{" JOY "}", "{'op':'add','path':'" ENT "','value':'x'}",
      "!invalidValue the value of " ENT " must be an object of attributes" },
    { "A5", MAILS, "{'op':'replace','path':'EMAILS[TYPE EQ ~work~].VALUE',"
      "'value':'n@x'}", "{" JOY ",'emails':[{'type':'work','value':'n@x'},"
      HOME "]}" },

    { "A6", "{" JOY "}", "{'op':'Replace','path':'active','value':'False'}",
      "{" JOY ",'active':false}" },
    { "A6", "{" JOY "}", "{'op':'Add','path':'active','value':'True'}",
      "{" JOY ",'active':true}" },
    { "A6", "{" JOY "}", "{'op':'replace','path':'active','value':['False']}",
      "{" JOY ",'active':false}" },
    { "A6", "{" JOY "}", "{'op':'replace','value':{'active':[true]}}",
      "{" JOY ",'active':true}" },
    { "A6", "{" JOY "}", "{'op':'replace','path':'active','value':0}",
      "!invalidValue active must be true or false" },
    { "A6", "{" JOY "}", "{'op':'replace','path':'active','value':"
      "[true,false]}", "!invalidValue active must be true or false" },

    { "A7", "{" JOY "}", "{'op':'replace','path':'emails[type eq ~work~]"
      ".value','value':'w@x'}", "{" JOY ",'emails':[" WORK "]}" },
    { "A7", MAILS, "{'op':'add','path':'emails[type eq ~other~].value',"
      "'value':'o@x'}", "{" JOY ",'emails':[" WORK "," HOME
      ",{'value':'o@x','type':'other'}]}" },
    { "A7", MAILS, "{'op':'add','path':'emails[type eq ~work~].value',"
      "'value':'n@x'}", "{" JOY ",'emails':[{'type':'work','value':'n@x'},"
      HOME "]}" },
    { "A7", "{" JOY "}", "{'op':'add','path':'roles[primary eq ~True~].value'"
      ",'value':'r'}", "{" JOY ",'roles':[{'value':'r','primary':true}]}" },
    { "A7", "{" JOY ",'roles':[{'value':'r','primary':true}]}",
      "{'op':'replace','path':'roles[primary eq ~true~].value','value':'s'}",
      "{" JOY ",'roles':[{'value':'s','primary':true}]}" },
    { "A7", "{" JOY "}", "{'op':'add','path':'emails[type eq ~work~ and"
      " primary eq true].value','value':'w@x'}", "{" JOY ",'emails':["
      "{'value':'w@x','type':'work','primary':true}]}" },
    { "A7", "{" JOY "}", "{'op':'add','path':'emails[value eq ~w@x~].type',"
      "'value':'work'}", "{" JOY ",'emails':[" WORK "]}" },
    { "A7", "{" JOY "}", "{'op':'add','path':'emails[type eq ~work~]',"
      "'value':{'value':'w@x','display':'W'}}", "{" JOY ",'emails':[{'value':"
      "'w@x','display':'W','type':'work'}]}" },
    { "A7", "{" JOY "}", "{'op':'add','path':'emails[type eq ~work~]',"
      "'value':'w@x'}", "{" JOY ",'emails':[" WORK "]}" },
    { "A7", "{" JOY ",'emails':[{'type':'work','value':'w@x','display':'W'}]}",
      "{'op':'add','path':'emails[type eq ~work~]','value':{'value':'n@x'}}",
      "{" JOY ",'emails':[{'type':'work','value':'n@x','display':'W'}]}" },
    { "A7", "{" JOY ",'emails':[{'type':'work','value':'w@x','display':'W'}]}",
      "{'op':'replace','path':'emails[type eq ~work~]','value':{'value':'n@x'"
      "}}", "{" JOY ",'emails':[{'value':'n@x','type':'work'}]}" },
    { "A7", "{" JOY ",'emails':[" WORK ",{'type':'work','value':'v@x'}]}",
      "{'op':'replace','path':'emails[type eq ~work~].display','value':'D'}",
      "{" JOY ",'emails':[{'type':'work','value':'w@x','display':'D'},"
      "{'type':'work','value':'v@x','display':'D'}]}" },
    { "A7", MAIN, "{'op':'add','path':'emails[primary eq false].display',"
      "'value':'D'}", "{" JOY ",'emails':[{'type':'work','value':'w@x',"
      "'primary':true},{'type':'home','value':'h@x','display':'D'}]}" },
    { "A7", MAIN, "{'op':'remove','path':'emails[primary eq ~False~]'}",
      "{" JOY ",'emails':[{'type':'work','value':'w@x','primary':true}]}" },
    { "A7", "{" JOY "}", "{'op':'add','path':'emails[primary eq false].value'"
      ",'value':'w@x'}", "{" JOY ",'emails':[{'value':'w@x','primary':false}]}"
    },
    { "A7", "{" JOY "}", "{'op':'add','path':'emails.value','value':'w@x'}",
      "{" JOY ",'emails':[{'value':'w@x'}]}" },
    { "A7", "{" JOY ",'active':true}", "{'op':'replace','path':'active',"
      "'value':false},{'op':'replace','path':'roles[value eq ~old~].value',"
      "'value':'new'}", "{" JOY ",'active':false,'roles':[{'value':'new'}]}" },
    { "A7", MAILS, "{'op':'replace','path':'emails[value eq ~w@x~].value',"
      "'value':'n@x'}", "{" JOY ",'emails':[{'type':'work','value':'n@x'},"
      HOME "]}" },
    { "A7", MAILS, "{'op':'add','path':'emails[type eq ~work~ and value eq"
      " ~o@x~].value','value':'n@x'}", "{" JOY ",'emails':[" WORK "," HOME
      ",{'value':'n@x','type':'work'}]}" },
    { "A7", "{" JOY ",'emails':[{'value':'w@x'}]}", "{'op':'add','path':"
      "'emails[primary eq false and value eq ~w@x~].value','value':'n@x'}",
      "{" JOY ",'emails':[{'value':'n@x'}]}" },
    { "A7", "{" JOY "}", "{'op':'add','path':'addresses[type eq ~work~].type'"
      ",'value':'home'}", "{" JOY ",'addresses':[{'type':'home'}]}" },
    { "A7", "{" JOY "}", "{'op':'add','path':'emails[value eq ~w@x~]',"
      "'value':{'value':'n@x','type':'work'}}", "{" JOY ",'emails':"
      "[{'value':'n@x','type':'work'}]}" },
    { "A8", "{" JOY "}", "{'op':'add','path':'emails[value eq ~w@x~]',"
      "'value':{'value':null,'type':'work'}}", NULL },
    { "A7", "{" JOY "}", "{'op':'add','path':'emails[type eq ~a~ and type eq"
      " ~b~].value','value':'w@x'}", NONE },
    { "A7", "{" JOY "}", "{'op':'add','path':'emails[type sw ~w~].value',"
      "'value':'w@x'}", NONE },
    { "A7", "{" JOY "}", "{'op':'add','path':'emails[type eq ~a~ or type eq"
      " ~b~].value','value':'w@x'}", NONE },
    { "A7", "{" JOY "}", "{'op':'add','path':'addresses[type eq ~work~]"
      ".locality','value':'Zurich'},{'op':'add','path':'addresses[type eq"
      " ~work~].country','value':'CH'}", "{" JOY ",'addresses':[{'locality':"
      "'Zurich','type':'work','country':'CH'}]}" },
    { "A7", "{" JOY "}", "{'op':'add','path':'emails[type eq ~work~].primary'"
      ",'value':true}", NULL },

    { "A8", "{" JOY ",'title':'T'}", "{'op':'replace','path':'title','value':"
      "''}", "{" JOY "}" },
    { "A8", "{" JOY ",'title':'T'}", "{'op':'add','path':'title','value':null"
      "}", "{" JOY "}" },
    { "A8", "{" JOY ",'title':'T'}", "{'op':'replace','value':{'title':null}}",
      "{" JOY "}" },
    { "A8", "{" JOY "}", "{'op':'replace','path':'title','value':''}", NULL },
    { "A8", NAMES, "{'op':'replace','path':'name.givenName','value':''}",
      "{" JOY ",'name':{'familyName':'F'}}" },
    { "A8", NAMES, "{'op':'replace','path':'name','value':{'givenName':''}}",
      "{" JOY ",'name':{'familyName':'F'}}" },
    { "A8", NAMES, "{'op':'replace','path':'name','value':null}",
      "{" JOY "}" },
    { "A8", "{" JOY ",'name':{'givenName':'G'}}", "{'op':'replace','path':"
      "'name.givenName','value':null}", "{" JOY "}" },
    { "A8", MAILS, "{'op':'replace','path':'emails[type eq ~work~].value',"
      "'value':''}", "{" JOY ",'emails':[" HOME "]}" },
    { "A8", MAILS, "{'op':'replace','path':'emails[type eq ~work~]','value':"
      "null}", "{" JOY ",'emails':[" HOME "]}" },
    { "A8", "{" JOY "}", "{'op':'replace','path':'emails[type eq ~work~]"
      ".value','value':''}", NULL },
    { "A8", "{" JOY "}", "{'op':'add','path':'emails[type co ~w~].value',"
      "'value':null}", NULL },
    { "A8", MAILS, "{'op':'replace','path':'emails','value':[]}",
      "{" JOY "}" },
    { "A8", MAILS, "{'op':'add','path':'emails','value':''}", "{" JOY "}" },
    { "A8", "{" JOY "}", "{'op':'replace','path':'userName','value':''}",
      "!invalidValue userName is required and must not be empty" },
    { "A8", "{" JOY "}", "{'op':'replace','value':{'userName':null}}",
      "!invalidValue userName is required and must not be empty" },
    { "A8", "{" JOY "}", "{'op':'remove','path':'userName'}",
      "!mutability userName is required and cannot be removed" },

    { "A9", "{" JOY ",'title':'T'}", "{'op':'remove','path':'title'}",
      "{" JOY "}" },
    { "A9", "{" JOY "}", "{'op':'remove','path':'title'},{'op':'remove',"
      "'path':'name.givenName'},{'op':'remove','path':'emails[type eq ~work~]"
      "'}", NULL },
    { "A9", "{" JOY "}", "{'op':'remove'}",
      "!noTarget operation 1 removes, but has no path" },
    { "A9", "{" JOY "}", "{'op':'remove','value':{'title':'T'}}",
      "!noTarget operation 1 removes, but has no path" },
    { "A9", MAILS, "{'op':'remove','path':'emails'}", "{" JOY "}" },
    { "A9", MAILS, "{'op':'remove','path':'emails[type eq ~work~]'}",
      "{" JOY ",'emails':[" HOME "]}" },
    { "A9", MAILS, "{'op':'remove','path':'emails[type eq ~home~].value'}",
      "{" JOY ",'emails':[" WORK "]}" },
    { "A9", MAILS, "{'op':'Remove','path':'emails','value':[{'value':'h@x'}]}",
      "{" JOY ",'emails':[" WORK "]}" },
    { "A9", MAILS, "{'op':'Remove','path':'emails','value':[{'$ref':null,"
      "'value':'H@X'}]}", "{" JOY ",'emails':[" WORK "]}" },
    { "A9", MAILS, "{'op':'Remove','path':'emails','value':[{'value':'nobody'"
      "}]}", NULL },
    { "A9", MAILS, "{'op':'Remove','path':'emails','value':'w@x'}",
      "{" JOY ",'emails':[" HOME "]}" },
    { "A9", MAILS, "{'op':'Remove','path':'emails','value':{'type':'home'}}",
      "{" JOY ",'emails':[" WORK "]}" },
    { "A9", MAILS, "{'op':'Remove','path':'emails','value':[]}", NULL },
    { "A9", MAILS, "{'op':'Remove','path':'emails','value':[{}]}",
      "!invalidValue the values to remove from emails do not say which"
      " elements are meant" },
    { "A9", MAILS, "{'op':'Remove','path':'emails','value':null}",
      "{" JOY "}" },

    { "A10", "{" JOY "}", "{'op':'replace','path':'shoeSize','value':44},"
      "{'op':'replace','path':'active','value':false}",
      "{" JOY ",'active':false}" },
    { "A10", "{" JOY "}", "{'op':'add','path':'urn:x:y:z','value':[1]},"
      "{'op':'remove','path':'urn:x:y:z'},{'op':'add','path':'name.nick',"
      "'value':'N'},{'op':'add','path':'emails[kind eq ~k~].value','value':"
      "'w@x'}", NULL },
    { "A10", "{" JOY "}", "{'op':'add','path':'photos','value':'p'},"
      "{'op':'add','path':'photos[type eq ~photo~].value','value':7}", NULL },

    { "A11", "{" JOY "}", "{'op':'move','path':'title','value':'T'}",
      "!invalidSyntax operation 1 has the unknown op \"move\"; it must be add,"
      " replace or remove" },
    { "A11", "{" JOY "}", "{'op':'add','path':7,'value':'T'}",
      "!invalidPath the path of operation 1 is not a string" },
    { "A11", "{" JOY "}", "{'op':'add','path':'emails[','value':'T'}",
      "!invalidPath path \"emails[\": the bracket is not closed" },
    { "A11", "{" JOY "}", "{'op':'add','value':{'active':false,'emails[':'T'}}",
      "!invalidPath path \"emails[\": the bracket is not closed" },
    { "A10", "{" JOY ",'active':true}", "{'op':'add','value':{'active':false,"
      "'shoes[':'T','shoes[size eq':7,'photos[type eq':'T','urn:x:y[':1}}",
      "{" JOY ",'active':false}" },
    { "A11", "{" JOY "}", "{'op':'add','path':'','value':'T'}",
      "!invalidPath path \"\": not the name of an attribute" },
    { "A11", "{" JOY "}", "{'op':'add','path':'title'}",
      "!invalidValue operation 1 has no value" },
    { "A11", "{" JOY "}", "{'op':'replace','value':'T'}", "!invalidValue"
      " operation 1 has no path, so its value must be an object of"
      " attributes" },
    { "A11", "{" JOY "}", "{'op':'add','path':'title','value':7}",
      "!invalidValue title must be a string" },
    { "A11", "{" JOY "}", "{'op':'add','path':'name','value':'Joy'}",
      "!invalidValue name must be an object" },
    { "A11", "{" JOY "}", "{'op':'replace','path':'id','value':'7'},"
      "{'op':'replace','path':'meta.created','value':'x'},{'op':'remove',"
      "'path':'groups'},{'op':'add','path':'schemas','value':['x']}", NULL },
    { "A11", "{" JOY "}", "{'op':'replace','value':{'id':'7','schemas':['x'],"
      "'meta':{'created':7},'groups':[{'value':'g'}],'title':'T'}}",
      "{" JOY ",'title':'T'}" },
    { "A12", "{" JOY ",'externalId':'e'}", "{'op':'Replace','path':'userName'"
      ",'value':'ray'},{'op':'Add','path':'externalId','value':'f'}",
      "{'userName':'ray','externalId':'f'}" },

    { "A13", "{" JOY "}", "{'op':'add','path':'manager','value':'7'}", BOSS },
    { "A13", "{" JOY "}", "{'op':'add','path':'" ENT ":manager','value':"
      "[{'value':'7'}]}", BOSS },
    { "A13", "{" JOY "}", "{'op':'add','path':'" ENT ":manager.value',"
      "'value':{'value':'7'}}", BOSS },
    { "A13", "{" JOY "}", "{'op':'add','path':'manager.value','value':['7']}",
      BOSS },
    { "A13", BOSS, "{'op':'replace','path':'manager','value':'8'}",
      "{" JOY ",'" ENT "':{'manager':{'value':'8'}}}" },
    { "A13", REFERRED, "{'op':'replace','path':'manager','value':'8'}",
      "{" JOY ",'" ENT "':{'manager':{'value':'8'}}}" },
    { "A13", REFERRED, "{'op':'add','path':'manager','value':[{'value':'8'}]}",
      "{" JOY ",'" ENT "':{'manager':{'value':'8'}}}" },
    { "A13", REFERRED, "{'op':'add','path':'manager.value','value':'8'}",
      "{" JOY ",'" ENT "':{'manager':{'value':'8'}}}" },
    { "A13", REFERRED, "{'op':'add','value':{'manager.$ref':'../Users/8',"
      "'manager.value':'8'}}", "{" JOY ",'" ENT "':{'manager':{'value':'8',"
      "'$ref':'../Users/8'}}}" },
    { "A13", REFERRED, "{'op':'add','path':'manager','value':'7'}", NULL },
    { "A13", BOSS, "{'op':'replace','path':'manager','value':''}",
      "{" JOY "}" },
    { "A13", BOSS, "{'op':'replace','path':'manager','value':null}",
      "{" JOY "}" },
    { "A13", BOSS, "{'op':'replace','path':'manager','value':{'value':''}}",
      "{" JOY "}" },
    { "A13", BOSS, "{'op':'replace','path':'manager.value','value':''}",
      "{" JOY "}" },
    { "A13", BOSS, "{'op':'remove','path':'" ENT ":manager'}", "{" JOY "}" },
    { "A14", "{" JOY "}", "{'op':'add','path':'roles','value':'{~id~:1}'}",
      "{" JOY ",'roles':[{'value':'{~id~:1}'}]}" },

    { "R5", MAIN, "{'op':'add','path':'emails','value':[{'type':'other',"
      "'value':'o@x','primary':true}]}", "{" JOY ",'emails':[" WORK "," HOME
      ",{'type':'other','value':'o@x','primary':true}]}" },
    { "R5", MAIN, "{'op':'replace','path':'emails[type eq ~home~].primary',"
      "'value':'True'}", "{" JOY ",'emails':[" WORK ",{'type':'home','value':"
      "'h@x','primary':true}]}" },
    { "R5", MAIN, "{'op':'add','path':'emails[type eq ~other~]','value':"
      "{'value':'o@x','primary':true}}", "{" JOY ",'emails':[" WORK "," HOME
      ",{'value':'o@x','primary':true,'type':'other'}]}" },
    { "R5", "{" JOY "}", "{'op':'replace','path':'emails','value':[{'value':"
      "'a@x','primary':true},{'value':'b@x','primary':true}]}", "{" JOY
      ",'emails':[{'value':'a@x','primary':true},{'value':'b@x'}]}" }
};

/* Bodies of POST and PUT, merged into what was there. */
static const row_t merges[] = {
    { "P1", "{}", "{}",
      "!invalidValue userName is required and must not be empty" },
    { "P1", "{}", "{'userName':null,'title':'T'}",
      "!invalidValue userName is required and must not be empty" },
    { "P2", "{}", "{" JOY ",'title':null,'emails':[],'name':{},'nickName':''}",
      "{" JOY "}" },
    { "P2", "{}", "{'schemas':['x'],'id':'7','meta':{},'groups':[7]," JOY
      ",'shoeSize':44,'urn:x':{'a':1},'no name':1}", "{" JOY "}" },
    { "P3", "{}", "{'USERNAME':'joy','Active':'False'}",
      "{" JOY ",'active':false}" },
    { "P3", "{}", "{" JOY ",'emails':" WORK "}",
      "{" JOY ",'emails':[" WORK "]}" },
    { "P3", "{}", "{'" USER ":userName':'joy','" USER "':{'title':'T'}}",
      "{" JOY ",'title':'T'}" },
    { "P3", "{}", "{" JOY ",'" ENT "':{'manager':'7'}}", BOSS },
    { "P3", "{}", "{" JOY ",'" ENT "':[{'manager':'7'}]}", BOSS },
    { "P3", "{}", "{" JOY ",'" ENT "':'x'}", NO_OBJECT },
    { "P3", "{}", "{" JOY ",'" ENT "':5}", NO_OBJECT },
    { "P3", "{}", "{" JOY ",'" ENT "':[{'manager':'7'},{}]}", NO_OBJECT },
    { "P3", "{}", "{" JOY ",'" ENT "':[[]]}", "{" JOY "}" },
    { "P3", "{}", "{" JOY ",'" USER "':true}", "!invalidValue the value of "
      USER " must be an object of attributes" },
    { "P3", "{}", "{" JOY ",'active':'maybe'}",
      "!invalidValue active must be true or false" },
    { "P4", "{}", "[]", "!invalidSyntax the body is not a JSON object" },
    { "W2", MAILS, "{'emails':[" HOME "]}", "{" JOY ",'emails':[" HOME "]}" },
    { "W2", MAILS, "{'emails':[],'title':''}", NULL },
    { "W2", REFERRED, "{'" ENT "':{'manager':{'value':'8'}}}",
      "{" JOY ",'" ENT "':{'manager':{'value':'8'}}}" },
    { "W2", NAMES, "{'name':{'givenName':'H','familyName':''}}",
      "{" JOY ",'name':{'givenName':'H','familyName':'F'}}" }
};

static const char *quoted(const char *text, apr_pool_t *pool)
{
    scim_buf_t out;

    scim_buf_init(&out, strlen(text) + 16, pool);
    for (; *text; text++) {
        if (*text == '~') {
            scim_buf_puts(&out, "\\\"");
        }
        else {
            scim_buf_putc(&out, *text == '\'' ? '"' : *text);
        }
    }
    return out.data;
}

static scim_json_t *json(const char *text, apr_pool_t *pool)
{
    scim_json_t *value = NULL;

    text = quoted(text, pool);
    if (scim_json_parse(&value, text, strlen(text), pool)) {
        printf("Bail out! the test has a document that cannot be read: %s\n",
               text);
    }
    return value;
}

static int is_wanted(const scim_json_t *got, const scim_err_t *err,
                     const char *want, apr_pool_t *pool)
{
    const char *text = err ? apr_psprintf(pool, "!%s %s", err->scim_type,
                                          err->detail)
                           : scim_json_text(got, pool);
    int same = err || *want == '!' ? strcmp(text, want) == 0
             : scim_json_is_equal(got, json(want, pool));

    if (!same) {
        tap_show("got: ", text);
        tap_show("want:", quoted(want, pool));
    }
    return same;
}

static scim_err_t *apply(scim_json_t *resource, const char *ops,
                         scim_intake_t *intake)
{
    scim_patch_t *patch;

    SCIM_TRY(scim_patch_decode(&patch, json(apr_pstrcat(intake->pool,
                               "{'Operations':[", ops, "]}", NULL),
                               intake->pool), intake->type,
                               &scim_limits_default, intake->pool));
    return scim_patch_apply(resource, patch, intake);
}

static void test_rows(const scim_rtype_t *type, const unsigned char *stored,
                      apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        const row_t *row = &rows[i];
        const char *want = row->after ? row->after : row->before;
        scim_json_t *resource = json(row->before, pool);
        scim_err_t *err = apply(resource, row->ops,
                                scim_intake_make(type, stored, pool));

        ok(is_wanted(resource, err, want, pool), "%s: %s", row->label,
           *row->ops ? row->ops : "no operations");
        if (err) {
            is_int(err->status, 400, "%s: is 400", row->label);
            continue;
        }
        err = apply(resource, row->ops, scim_intake_make(type, stored, pool));
        ok(is_wanted(resource, err, want, pool), "%s: and again", row->label);
    }
    for (i = 0; i < COUNT(merges); i++) {
        const row_t *row = &merges[i];
        scim_json_t *resource = json(row->before, pool);
        scim_err_t *err = scim_patch_merge(resource, json(row->ops, pool),
            scim_intake_make(type, stored, pool));

        ok(is_wanted(resource, err, row->after ? row->after : row->before,
                     pool), "%s: %s", row->label, row->ops);
    }
}

/* What is left out is noted, in the client's words. */
static void test_ignored(const scim_rtype_t *type, const unsigned char *stored,
                         apr_pool_t *pool)
{
    scim_intake_t *intake = scim_intake_make(type, stored, pool);
    scim_err_t *err = apply(json("{" JOY "}", pool), "{'op':'add','path':"
        "'shoeSize','value':44},{'op':'add','path':'photos[type eq ~photo~]"
        ".value','value':'p'},{'op':'add','path':'id','value':'7'},{'op':"
        "'add','value':{'hat size':1,'name':{'nick':'N'}}}", intake);

    ok(!err, "A10: nothing of that stops a request");
    is_str(apr_array_pstrcat(pool, intake->ignored, '|'), "shoeSize|photos["
           "type eq \"photo\"].value|hat size|name.nick",
           "A10: what is left out is noted; what is the server's is not");
}

/* As a mapping keeps them that has a place for everything but photos. */
static unsigned char *make_stored(const scim_rtype_t *type, apr_pool_t *pool)
{
    static const char *const never[] = {
        "schemas", "id", "meta", "groups", "password", "photos"
    };
    unsigned char *stored = apr_palloc(pool, type->nattrs);
    size_t i;
    int j;

    memset(stored, 1, type->nattrs);
    for (i = 0; i < COUNT(never); i++) {
        const scim_attr_t *attr = scim_rtype_attr_anywhere(type, never[i]);

        stored[attr->index] = 0;
        for (j = 0; j < attr->nsubs; j++) {
            stored[attr->subs[j].index] = 0;
        }
    }
    return stored;
}

int main(void)
{
    const scim_rtype_t *type;
    unsigned char *stored;
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    type = scim_builtin_user(pool);
    stored = make_stored(type, pool);
    test_rows(type, stored, pool);
    test_ignored(type, stored, pool);
    apr_terminate();
    return done_testing();
}
