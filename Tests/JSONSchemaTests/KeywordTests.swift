import Testing

/// What is valid, a table per family of keywords.
@Suite struct KeywordTests {
    @Test(arguments: [
        Verdicts("true", valid: ["1", "null"]),
        Verdicts("false", invalid: ["1", "null"]),
        Verdicts("{}", valid: ["1", #"{"a":[]}"#]),
        Verdicts(#"{"type":"integer"}"#, valid: ["1", "1.0", "-3", "1e3", "123456789012345678901234567890"], invalid: ["1.5", #""1""#, "true", "null"]),
        Verdicts(#"{"type":"number"}"#, valid: ["1", "1.5", "123456789012345678901234567890"], invalid: ["false", #""1""#]),
        Verdicts(#"{"type":["string","null"]}"#, valid: ["null", #""a""#], invalid: ["0", "[]", "{}"]),
        Verdicts(#"{"type":"object"}"#, valid: ["{}"], invalid: ["[]"]),
        Verdicts(#"{"const":1}"#, valid: ["1", "1.0"], invalid: ["true", #""1""#, "1.5"]),
        Verdicts(#"{"const":{"a":[1,2.0],"b":null}}"#, valid: [#"{"b":null,"a":[1.0,2]}"#], invalid: [#"{"a":[2,1],"b":null}"#, #"{"a":[1,2]}"#]),
        Verdicts(#"{"const":false}"#, valid: ["false"], invalid: ["0", "[]", "null"]),
        Verdicts(#"{"enum":["a",null,[0]]}"#, valid: [#""a""#, "null", "[0.0]"], invalid: [#""b""#, "0", "[false]"]),
        Verdicts(#"{"enum":[1,2,3,4,5,6,7,8,9,10,11,12,13,"x"]}"#, valid: ["13.0", #""x""#], invalid: ["14", #""13""#]),
        Verdicts(#"{"const":"\u00e9"}"#, valid: [#""é""#], invalid: [#""e\u0301""#]),
    ])
    func values(_ verdicts: Verdicts) throws { try verdicts.check() }

    @Test(arguments: [
        Verdicts(#"{"minimum":1.1}"#, valid: ["1.1", "2", #""0""#, "99999999999999999999"], invalid: ["1", "-99999999999999999999"]),
        Verdicts(#"{"exclusiveMinimum":3}"#, valid: ["3.0000001", "4"], invalid: ["3", "3.0"]),
        Verdicts(#"{"maximum":9223372036854775807}"#, valid: ["9223372036854775807"], invalid: ["9223372036854775808", "1e19"]),
        Verdicts(#"{"exclusiveMaximum":100000000000000000001}"#, valid: ["100000000000000000000", "1e20"], invalid: ["100000000000000000001", "100000000000000000002"]),
        Verdicts(#"{"minimum":9007199254740993}"#, valid: ["9007199254740994.0"], invalid: ["9007199254740992.0"]),
        Verdicts(#"{"multipleOf":0.01}"#, valid: ["0.07", "19.99", "4.35", "1", "0", "-1.15", "123456789012345678901"], invalid: ["0.075", "1e-3"]),
        Verdicts(#"{"multipleOf":0.0001}"#, valid: ["0.0075"], invalid: ["0.00751"]),
        Verdicts(#"{"multipleOf":0.1}"#, valid: ["0.3", "1.1", "99999999999999.9", "999999999999999.9", "1e15"], invalid: ["0.30000000000000004", "0.35", "5e-324", "99999999999999.95"]),
        Verdicts(#"{"multipleOf":2.5e-3}"#, valid: ["0.0075", "-0.5"], invalid: ["0.008"]),
        Verdicts(#"{"multipleOf":1e-8}"#, valid: ["12391239123", "0.12345678"], invalid: ["0.123456789"]),
        Verdicts(#"{"multipleOf":1e3}"#, valid: ["5000.0", "2e3"], invalid: ["5500.0", "10.5"]),
        Verdicts(#"{"multipleOf":1.5}"#, valid: ["4.5", "-3", "3e300"], invalid: ["35", "1e300"]),
        Verdicts(#"{"multipleOf":7}"#, valid: ["49", "700000000000000000000000", "49.0"], invalid: ["50", "700000000000000000000001"]),
        Verdicts(#"{"multipleOf":12345678901234567890123}"#, valid: ["24691357802469135780246", "0"], invalid: ["24691357802469135780247", "12345678901234567890122", "1e22"]),
        Verdicts(#"{"type":"integer","multipleOf":0.123456789}"#, invalid: ["1e308"]),
    ])
    func numbers(_ verdicts: Verdicts) throws { try verdicts.check() }

    @Test(arguments: [
        Verdicts(#"{"minLength":2}"#, valid: [#""ab""#, #""e\u0301""#, "1"], invalid: [#""a""#, #""é""#, #""💩""#]),
        Verdicts(#"{"maxLength":2}"#, valid: [#""💩💩""#, #""""#], invalid: [#""abc""#, #""👩‍👩‍👧""#]),
        Verdicts(#"{"maxLength":2.0}"#, valid: [#""ab""#], invalid: [#""abc""#]),
        Verdicts(#"{"pattern":"b+"}"#, valid: [#""abbc""#, "12"], invalid: [#""ac""#]),
        Verdicts(#"{"format":"email","contentEncoding":"base64"}"#, valid: [#""not an address""#]),
    ])
    func strings(_ verdicts: Verdicts) throws { try verdicts.check() }

    @Test(arguments: [
        Verdicts(#"{"minItems":1,"maxItems":2}"#, valid: ["[1]", "[1,2]", "{}"], invalid: ["[]", "[1,2,3]"]),
        Verdicts(#"{"uniqueItems":true}"#, valid: ["[1,true,\"1\"]", #"[{"a":1},{"a":2}]"#, "[[1],[true]]"], invalid: ["[1,1.0]", #"[{"a":1,"b":2},{"b":2.0,"a":1}]"#, "[100000000000000000000,1e20]"]),
        Verdicts(#"{"items":{"type":"integer"}}"#, valid: ["[]", "[1,2]", #""x""#], invalid: [#"[1,"2"]"#]),
        Verdicts(#"{"prefixItems":[{"type":"string"}],"items":false}"#, valid: ["[]", #"["a"]"#], invalid: [#"["a",1]"#, "[1]"]),
        Verdicts(#"{"prefixItems":[{"type":"string"}]}"#, valid: [#"["a",1]"#, "[]"], invalid: ["[1]"]),
        Verdicts(#"{"contains":{"type":"integer"}}"#, valid: [#"["a",1]"#, "3"], invalid: ["[]", #"["a"]"#]),
        Verdicts(#"{"contains":{"const":1},"minContains":2,"maxContains":3}"#, valid: ["[1,1]", "[1,2,1,1.0]"], invalid: ["[1]", "[1,1,1,1]"]),
        Verdicts(#"{"contains":{"const":1},"minContains":0}"#, valid: ["[]", "[2]"]),
        Verdicts(#"{"minContains":3,"maxContains":0}"#, valid: ["[1]"]),
    ])
    func arrays(_ verdicts: Verdicts) throws { try verdicts.check() }

    @Test(arguments: [
        Verdicts(#"{"properties":{"a":{"type":"string"}},"required":["a"]}"#, valid: [#"{"a":"x","b":1}"#, "[]"], invalid: ["{}", #"{"a":1}"#]),
        Verdicts(#"{"properties":{"a":{},"b":false},"additionalProperties":false}"#, valid: [#"{"a":1}"#, "{}"], invalid: [#"{"b":1}"#, #"{"c":1}"#]),
        Verdicts(
            #"{"properties":{"a":{}},"patternProperties":{"^x":{"type":"integer"}},"additionalProperties":{"type":"null"}}"#,
            valid: [#"{"a":"s","x1":1,"y":null}"#], invalid: [#"{"x":"s"}"#, #"{"y":1}"#]),
        Verdicts(#"{"properties":{"ab":{"type":"integer"}},"patternProperties":{"a":{"minimum":5}}}"#, valid: [#"{"ab":5}"#], invalid: [#"{"ab":4}"#, #"{"ab":5.5}"#]),
        Verdicts(#"{"propertyNames":{"maxLength":2}}"#, valid: [#"{"ab":1}"#], invalid: [#"{"abc":1}"#]),
        Verdicts(#"{"propertyNames":false}"#, valid: ["{}"], invalid: [#"{"a":1}"#]),
        Verdicts(#"{"dependentRequired":{"card":["address"]}}"#, valid: ["{}", #"{"address":1}"#, #"{"card":1,"address":2}"#], invalid: [#"{"card":1}"#]),
        Verdicts(#"{"dependentSchemas":{"card":{"minProperties":2}}}"#, valid: [#"{"x":1}"#, #"{"card":1,"x":2}"#], invalid: [#"{"card":1}"#]),
        Verdicts(#"{"minProperties":1,"maxProperties":2}"#, valid: [#"{"a":1}"#], invalid: ["{}", #"{"a":1,"b":2,"c":3}"#]),
        Verdicts(
            #"{"properties":{"a":{"const":1},"b":{"const":2},"c":{"const":3},"d":{"const":4},"e":{"const":5},"f":{"const":6}}}"#,
            valid: [#"{"f":6,"a":1,"c":3,"b":2,"x":0}"#], invalid: [#"{"f":6,"a":1,"c":2}"#]),
    ])
    func objects(_ verdicts: Verdicts) throws { try verdicts.check() }

    @Test(arguments: [
        Verdicts(#"{"allOf":[{"minimum":1},{"maximum":3}]}"#, valid: ["2"], invalid: ["0", "4"]),
        Verdicts(#"{"anyOf":[{"type":"string"},{"minimum":3}]}"#, valid: [#""a""#, "3"], invalid: ["2"]),
        Verdicts(#"{"oneOf":[{"multipleOf":2},{"multipleOf":3}]}"#, valid: ["2", "9"], invalid: ["6", "1"]),
        Verdicts(#"{"not":{"type":"string"}}"#, valid: ["1"], invalid: [#""a""#]),
        Verdicts(#"{"if":{"minimum":10},"then":{"multipleOf":10},"else":{"type":"integer"}}"#, valid: ["20", "3"], invalid: ["15", "1.5"]),
        Verdicts(#"{"then":false,"else":false}"#, valid: ["1"]),
        Verdicts(#"{"type":"string","not":{"not":{"minLength":2}}}"#, valid: [#""ab""#], invalid: [#""a""#]),
    ])
    func combinations(_ verdicts: Verdicts) throws { try verdicts.check() }

    @Test(arguments: [
        Verdicts(#"{"properties":{"a":{}},"unevaluatedProperties":false}"#, valid: [#"{"a":1}"#], invalid: [#"{"a":1,"b":2}"#]),
        Verdicts(#"{"allOf":[{"properties":{"a":{}}}],"unevaluatedProperties":false}"#, valid: [#"{"a":1}"#], invalid: [#"{"b":2}"#]),
        Verdicts(#"{"allOf":[{"unevaluatedProperties":false},{"properties":{"a":{}}}]}"#, invalid: [#"{"a":1}"#]),
        Verdicts(
            #"{"anyOf":[{"properties":{"a":{"const":1}},"required":["a"]},{"properties":{"b":{}},"required":["b"]}],"unevaluatedProperties":false}"#,
            valid: [#"{"a":1}"#, #"{"b":1}"#, #"{"a":1,"b":1}"#], invalid: [#"{"a":2,"b":1}"#]),
        Verdicts(
            #"{"if":{"properties":{"a":{"const":1}},"required":["a"]},"then":{"properties":{"b":{}}},"unevaluatedProperties":false}"#,
            valid: [#"{"a":1,"b":2}"#, "{}"], invalid: [#"{"b":2}"#, #"{"a":2}"#]),
        Verdicts(#"{"not":{"not":{"properties":{"a":{}}}},"unevaluatedProperties":false}"#, invalid: [#"{"a":1}"#]),
        Verdicts(
            ##"{"$ref":"#/$defs/a","unevaluatedProperties":{"type":"integer"},"$defs":{"a":{"properties":{"a":{}}}}}"##,
            valid: [#"{"a":"x","b":1}"#], invalid: [#"{"a":"x","b":"y"}"#]),
        Verdicts(#"{"properties":{"in":{"unevaluatedProperties":false}},"additionalProperties":true}"#, valid: [#"{"in":{},"x":1}"#], invalid: [#"{"in":{"x":1}}"#]),
        Verdicts(#"{"prefixItems":[true],"contains":{"const":9},"unevaluatedItems":false}"#, valid: ["[1,9]", "[1,9,9]", "[9]"], invalid: ["[1,9,2]"]),
        Verdicts(#"{"anyOf":[{"prefixItems":[true,{"const":1}]},true],"unevaluatedItems":{"type":"null"}}"#, valid: ["[0,1,null]", "[null,null]"], invalid: ["[0,2]"]),
    ])
    func unevaluated(_ verdicts: Verdicts) throws { try verdicts.check() }
}
