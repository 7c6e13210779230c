import Expressions
import Values

let place = SourceLocation(file: "flow.yaml", line: 3, column: 9)

/// What the tables below read.
let world: DictionaryBindings = {
    let text = """
        {"inputs": {"n": 5, "x": 2.5, "name": "Ada", "huge": 18446744073709551615, "vast": 99999999999999999999, "none": null,
          "tags": ["red", "green", "blue"], "a-b": 1, "people": [{"name": "Bo", "age": 30}, {"name": "Cy", "age": 41}]},
         "steps": {"draft": {"output": {"text": "hello", "citations": [1, 2]}, "accepted": true}, "retrieve": {"status": "skipped"}}}
        """
    var bindings = DictionaryBindings(try! JSONParser.parse(text).objectValue!)
    bindings.values["u"] = .unknown
    bindings.values["checks"] = .map(CELMap([("sure", CELValue.map(CELMap([("passed", CELValue.bool(true))]))), ("judge", .unknown)] as [(String, CELValue)]))
    bindings.values["pattern"] = "^h.*o$"
    return bindings
}()

/// A value with its type: `1` is an int, `1u` a uint, `1.0` a double.
func show(_ value: CELValue) -> String {
    switch value {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .int(let value): "\(value)"
    case .uint(let value): "\(value)u"
    case .double(let value): "\(value)"
    case .wide(let digits): "wide \(digits)"
    case .string(let value): "'\(value)'"
    case .bytes(let value): "b" + value.map { "." + String($0) }.joined()
    case .list(let list): "[" + list.map(show).joined(separator: ", ") + "]"
    case .map(let map): "{" + map.keys.map { "\(show($0)): \(show(map[$0]!))" }.joined(separator: ", ") + "}"
    case .timestamp(let time): "time \(time.rfc3339)"
    case .duration(let nanoseconds): "\(nanoseconds)ns"
    case .type(let type): "type \(type.rawValue)"
    case .unknown: "unknown"
    }
}

/// The value as `show` writes it, `!code` of an evaluation error, `?codes` of the problems of the text.
func result(_ source: String) -> String {
    do throws(Diagnostics) {
        let expression = try Expression(parsing: source, at: place)
        do throws(EvaluationError) {
            return show(try expression.evaluate(world))
        } catch {
            return "!\(error.code.rawValue)"
        }
    } catch {
        return "?" + error.all.map(\.code).joined(separator: " ")
    }
}

func failure(_ source: String) -> EvaluationError? {
    do throws(EvaluationError) {
        _ = try (try! Expression(parsing: source, at: place)).evaluate(world)
        return nil
    } catch {
        return error
    }
}

func problems(_ source: String) -> [Diagnostic] {
    do throws(Diagnostics) {
        _ = try Expression(parsing: source, at: place)
        return []
    } catch {
        return error.all
    }
}
