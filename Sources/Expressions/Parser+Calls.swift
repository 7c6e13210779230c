import Values

/// Calls: functions, methods, `has` and the comprehensions.
extension Parser {
    mutating func presence(_ start: Span) throws(Fault) -> ID {
        let arguments = try self.arguments()
        let whole = Span(start, through: lastSpan)
        guard arguments.count == 1 else {
            throw fault("has() takes one argument, here \(arguments.count)", at: whole, hint: "write has(a.b)", code: ExpressionCode.argumentCount)
        }
        guard case .select(let operand, let field) = nodes[Int(arguments[0])] else {
            throw fault("has() tests a field", at: spans[Int(arguments[0])], hint: "write has(a.b); for a key that is computed, key in map")
        }
        nodes[Int(arguments[0])] = .has(operand, field: field)
        spans[Int(arguments[0])] = whole
        return arguments[0]
    }

    mutating func comprehension(_ macro: Macro, _ name: String, _ nameSpan: Span, on target: ID, from start: Span) throws(Fault) -> ID {
        let variables = try self.variables(of: macro, name)
        let slot = scope.count
        scope += variables
        while slotNames.count < scope.count { slotNames.append(scope[slotNames.count]) }
        var parts = [target]
        repeat { parts.append(try expression()) } while take(.comma)
        scope.removeLast(variables.count)
        try expect(.closeParen, "to close the call")
        let whole = Span(start, through: lastSpan)
        try checkCount(parts.count, macro, name, Span(nameSpan, through: lastSpan))
        let children = adopt(parts)
        let node = variables.count == 2 ? SyntaxTree.Node.pairComprehension(macro, slot: Int32(slot), children) : .comprehension(macro, slot: Int32(slot), children)
        return try add(node, whole, depth: depth(over: parts))
    }

    private func checkCount(_ count: Int, _ macro: Macro, _ name: String, _ span: Span) throws(Fault) {
        guard count == 2 || macro.takesFilter && count == 3 else {
            let takes = macro.takesFilter ? "a variable, a filter if any, and a value" : "a variable or two and a condition"
            throw fault("\(name)() takes \(takes), here \(count) arguments", at: span, code: ExpressionCode.argumentCount)
        }
    }

    /// The variables of a comprehension, with the comma behind each.
    private mutating func variables(of macro: Macro, _ name: String) throws(Fault) -> [String] {
        let form = "list.\(name)(\(macro.takesPairsOnly ? "i, " : "")x, \(macro.takesFilter ? "x.text" : "x > 0"))"
        guard let variable = variable else {
            if case .fault(let diagnostic) = token { throw Fault(diagnostic: diagnostic) }
            throw fault("the first argument of \(name)() names the variable, then comes a comma", at: span, hint: "write \(form)")
        }
        var variables = [variable]
        advance()
        advance()
        if macro.takesPairs, let second = self.variable {
            if second == variable { throw fault("both variables of \(name)() are called '\(second)'", at: span, hint: "write \(form)") }
            variables.append(second)
            advance()
            advance()
        } else if macro.takesPairsOnly {
            throw fault("\(name)() names two variables, index and element or key and value", at: span, hint: "write \(form)")
        }
        return variables
    }

    /// The name of a variable with its comma, if that is what stands here.
    private var variable: String? {
        guard case .identifier(let name) = token, !Self.reserved.contains(name), !["true", "false", "null"].contains(name),
            token(after: 1) == .symbol(.comma)
        else { return nil }
        return name
    }

    /// `x.f(…)`, or a function with a package before it: `strings.quote(…)`.
    mutating func method(_ name: String, _ nameSpan: Span, on operand: ID, _ arguments: [ID], from start: Span) throws(Fault) -> ID {
        guard case .name(let package) = nodes[Int(operand)], let function = Function(named: "\(names[Int(package)]).\(name)") else {
            return try call(name, nameSpan, receiver: operand, arguments, from: start)
        }
        // The package was read as a name; it is not part of the tree.
        nodes[Int(operand)] = .constant(constantIndex(.null))
        return try call(function.rawValue, Span(start, through: nameSpan), receiver: nil, arguments, from: start)
    }

    mutating func call(_ name: String, _ nameSpan: Span, receiver: ID?, _ arguments: [ID], from start: Span) throws(Fault) -> ID {
        let whole = Span(start, through: lastSpan)
        let all = (receiver.map { [$0] } ?? []) + arguments
        guard let function = Function(named: name) else {
            report("there is no function '\(name)'", at: nameSpan, hint: Self.hint(forFunction: name), code: ExpressionCode.unknownFunction)
            return leaf(.list(adopt([])), whole)
        }
        let accepted = receiver == nil ? function.globalArguments : function.methodArguments
        if let accepted, !accepted.contains(arguments.count) {
            let count = accepted.count == 1 ? "\(accepted.lowerBound)" : "\(accepted.lowerBound) or \(accepted.upperBound)"
            let noun = accepted.upperBound == 1 ? "argument" : "arguments"
            report("\(name)() takes \(count) \(noun), here \(arguments.count)", at: Span(nameSpan, through: lastSpan), hint: nil, code: ExpressionCode.argumentCount)
        } else if accepted == nil {
            let form = receiver == nil ? "x.\(name)(…)" : "\(name)(x)"
            report(
                receiver == nil ? "\(name)() is called on a value" : "\(name)() is not called on a value",
                at: nameSpan, hint: "write \(form)", code: ExpressionCode.argumentCount)
        }
        let node = try add(.call(function, adopt(all)), whole, depth: depth(over: all))
        if function == .matches, all.count == 2, case .constant(let index) = nodes[Int(all[1])], case .string(let text) = constants[Int(index)] {
            do throws(Pattern.Fault) {
                patterns[node] = try Pattern(text)
            } catch {
                report("the pattern is not a regular expression: \(error.message)", at: spans[Int(all[1])], hint: error.hint, code: ExpressionCode.invalidConstant)
            }
        }
        return node
    }

    private static func hint(forFunction name: String) -> String? {
        if let form = Function.foreignNames[name] { return form.hasPrefix("an ") ? form : "write \(form)" }
        return Suggestion.hint(for: name, in: Function.allCases.map(\.rawValue) + Macro.allCases.map(\.rawValue) + ["has"])
    }
}
