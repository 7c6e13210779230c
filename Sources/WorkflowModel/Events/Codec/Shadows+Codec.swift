import Values

extension ShadowDrawn {
    func write(to json: inout JSONObjectWriter) {
        json.put("step", path)
        json.put("gate", gate)
        json.put("draw", Int(draw))
        json.put("rate", "\(rate)")
        if !tiers.isEmpty { json.put("tiers", tiers) }
        json.put("input_bytes", inputBytes)
    }

    convenience init(_ fields: EventFields) throws(EventDecodingError) {
        let draw = Int64(try fields.int("draw"))
        guard 0..<Self.draws ~= draw else { throw fields.missing("draw") }
        self.init(
            path: try fields.step(), gate: try fields.hash("gate"), draw: draw, rate: try fields.value("rate", Share.init(text:)), tiers: try fields.texts("tiers"),
            inputBytes: try fields.int("input_bytes"))
    }
}

extension ShadowEnded {
    func write(to json: inout JSONObjectWriter) {
        json.put("step", path)
        json.put("tier", tier)
        json.put("result", result.rawValue)
        json.put("failure_kind", failure?.rawValue)
        json.put("reason", reason)
        json.put("output", output)
        json.put("signals", signals?.json)
    }

    convenience init(_ fields: EventFields) throws(EventDecodingError) {
        self.init(
            path: try fields.step(), tier: try fields.text("tier"), result: try fields.value("result", Result.init(rawValue:)),
            failure: try fields.optional("failure_kind", FailureKind.init(rawValue:)), reason: try fields.optionalText("reason"),
            output: try fields.optionalHash("output"), signals: try fields.signals())
    }
}
