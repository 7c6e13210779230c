import Economics
import Values

extension RunStarted {
    func write(to json: inout JSONObjectWriter) {
        json.put("workflow", workflow)
        json.put("graph", graph)
        json.put("sources", sources)
        json.put("inputs", inputs)
        json.put("encoder", encoder)
        json.put("program", program)
        json.put("max_cost_usd", maxCost?.decimalText)
        json.put("max_tokens", maxTokens)
        json.put("facts", facts)
        json.put("rules", rules.version)
        if !file.isEmpty { json.put("file", file) }
        json.put("meaning", meaning)
        json.put("commit", origin.commit)
        json.put("release", origin.release)
        if !owner.isEmpty { json.put("owner", JSONValue.object(owner)) }
        if !tags.isEmpty { json.put("tags", JSONValue.object(tags)) }
        json.put("decision", decision.id)
        json.put("decision_unit", decision.unit)
        if !decision.counts.isEmpty { json.put("decision_counts", decision.counts) }
        json.put("batch", batch)
        json.put("batch_index", batchIndex)
        if kind != .workflow { json.put("kind", kind.rawValue) }
        if purpose != .production { json.put("purpose", purpose.rawValue) }
        json.put("parent", parent)
        json.put("holdout_draw", holdout.map { Int($0.draw) })
        json.put("holdout", holdout?.rate.description)
        json.put("models", models)
        if let fork {
            json.put("fork", fork.point.json)
            json.put("kept", fork.kept)
        }
    }

    convenience init(_ fields: EventFields) throws(EventDecodingError) {
        self.init(
            workflow: try fields.text("workflow"), file: try fields.optionalText("file") ?? "", graph: try fields.hash("graph"),
            sources: try fields.hash("sources"), meaning: try fields.optionalHash("meaning"), inputs: try fields.hash("inputs"),
            maxCost: try fields.money("max_cost_usd"), maxTokens: try fields.optionalInt("max_tokens"), encoder: try fields.int("encoder"), program: try fields.text("program"),
            facts: try fields.optionalInt("facts") ?? 1, rules: try fields.optionalInt("rules").map(Rules.init(version:)) ?? .first,
            owner: try fields.object("owner") ?? [:], tags: try fields.object("tags") ?? [:],
            decision: RunDecision(
                id: try fields.optionalText("decision"), unit: try fields.optionalText("decision_unit"), counts: try fields.texts("decision_counts")),
            batch: try fields.optionalText("batch"), batchIndex: try fields.optionalInt("batch_index"),
            origin: RunOrigin(commit: try fields.optionalText("commit"), release: try fields.optionalText("release")),
            kind: try fields.optional("kind", RunKind.init(rawValue:)) ?? .workflow,
            purpose: try fields.optional("purpose", RunPurpose.init(rawValue:)) ?? .production, parent: try fields.optionalText("parent"),
            holdout: try Holdout(fields), fork: try ForkOrigin(fields), models: try fields.optionalHash("models"))
    }
}

extension ForkOrigin.Point {
    /// `{"from":"draft"}`, or `{"failed":true}`.
    var json: JSONValue {
        switch self {
        case .step(let path): ["from": .string(path)]
        case .failed: ["failed": true]
        }
    }
}

extension ForkOrigin {
    fileprivate init?(_ fields: EventFields) throws(EventDecodingError) {
        guard let fork = try fields.object("fork") else { return nil }
        let kept = try fields.hash("kept")
        if let step = fork["from"]?.stringValue {
            self.init(.step(step), kept: kept)
        } else if fork["failed"] == true {
            self.init(.failed, kept: kept)
        } else {
            throw fields.missing("fork")
        }
    }
}

extension NodeInherited {
    func write(to json: inout JSONObjectWriter) {
        json.put("step", path)
        json.put("from", from)
        json.put("status", status.rawValue)
        json.put("output", output)
        json.put("failure", failure?.json)
        json.put("reason", reason?.text)
        if !facts.isEmpty { json.put("facts", JSONValue.object(facts)) }
    }

    convenience init(_ fields: EventFields) throws(EventDecodingError) {
        let status = try fields.value("status", NodeStatus.init(rawValue:))
        let output = try fields.optionalHash("output")
        let failure = fields.payload["failure"] == nil ? nil : try fields.failure()
        let reason = try fields.optional("reason", SkipReason.init(text:))
        // What each of them is nothing without.
        let isWhole =
            switch status {
            case .succeeded: output != nil && reason == nil
            case .failed: output == nil && failure != nil && reason == nil
            case .skipped: output == nil && reason != nil
            case .pending, .running, .waiting, .cancelled: false
            }
        guard isWhole else { throw fields.missing("status") }
        self.init(path: try fields.step(), from: try fields.text("from"), status: status, output: output, failure: failure, reason: reason, facts: try fields.object("facts") ?? [:])
    }
}

extension FilesAccepted {
    func write(to json: inout JSONObjectWriter) {
        json.put("graph", graph)
        json.put("sources", sources)
        json.put("meaning", meaning)
        json.put("models", models)
    }

    init(_ fields: EventFields) throws(EventDecodingError) {
        self.init(graph: try fields.hash("graph"), sources: try fields.hash("sources"), meaning: try fields.optionalHash("meaning"), models: try fields.optionalHash("models"))
    }
}

extension RunStarted.Holdout {
    fileprivate init?(_ fields: EventFields) throws(EventDecodingError) {
        guard let draw = try fields.optionalInt("holdout_draw") else { return nil }
        self.init(draw: Int64(draw), rate: try fields.value("holdout", Share.init(text:)))
    }
}

extension RunResumed {
    func write(to json: inout JSONObjectWriter) {
        json.put("program", program)
        json.put("epoch", Int(epoch))
        json.put("lost_calls", JSONValue.array(lost.map { .int(Int64($0)) }))
    }

    init(_ fields: EventFields) throws(EventDecodingError) {
        let program = try fields.text("program")
        let epoch = Int64(try fields.int("epoch"))
        // Before form 3 a number.
        if let count = fields.payload["lost_calls"]?.intValue {
            self.init(program: program, epoch: epoch, lost: [], lostCalls: Int(count))
        } else {
            self.init(program: program, epoch: epoch, lost: try fields.list("lost_calls") { $0.intValue.map(Int.init) })
        }
    }
}

extension RunEnded {
    func write(to json: inout JSONObjectWriter) {
        json.put("status", status.rawValue)
        json.put("outputs", outputs)
        json.put("failure", failure?.json)
        json.put("outcome", outcome)
    }

    convenience init(_ fields: EventFields) throws(EventDecodingError) {
        self.init(
            try fields.value("status", RunStatus.init(rawValue:)), outputs: try fields.optionalHash("outputs"),
            failure: fields.payload["failure"] == nil ? nil : try fields.failure(), outcome: try fields.optionalText("outcome"))
    }
}

extension OutcomeRecorded {
    func write(to json: inout JSONObjectWriter) {
        json.put("value", value)
        json.put("source", source)
    }

    init(_ fields: EventFields) throws(EventDecodingError) { self.init(value: try fields.text("value"), source: try fields.text("source")) }
}

extension RunPruned {
    func write(to json: inout JSONObjectWriter) {
        json.put("facts", facts)
        json.put("previous", previous)
        json.put("rows", JSONValue.object(JSONObject(rows.map { ($0.table, .string($0.digest.hex)) })))
        json.put("program", program)
    }

    init(_ fields: EventFields) throws(EventDecodingError) {
        var rows: [(table: String, digest: ContentHash)] = []
        for (table, value) in try fields.object("rows") ?? [:] {
            guard let digest = value.stringValue.flatMap(ContentHash.init(hex:)) else { throw fields.missing("rows") }
            rows.append((table, digest))
        }
        self.init(facts: try fields.int("facts"), previous: try fields.hash("previous"), rows: rows, program: try fields.text("program"))
    }
}

extension ScopeOpened {
    func write(to json: inout JSONObjectWriter) {
        json.put("step", node)
        if isFinally { json.put("finally", true) }
        json.put("pass", pass)
        json.put("inputs", inputs)
    }

    init(_ fields: EventFields) throws(EventDecodingError) {
        self.init(
            node: try fields.optionalText("step"), isFinally: try fields.flag("finally"), pass: try fields.int("pass"),
            inputs: try fields.optionalHash("inputs"))
    }
}

extension DocumentsRedacted {
    func write(to json: inout JSONObjectWriter) {
        json.put("documents", documents.map(\.hex))
        json.put("fields", fields)
        json.put("by", by)
        json.put("reason", reason)
    }

    init(_ fields: EventFields) throws(EventDecodingError) {
        let names = try fields.texts("documents")
        let documents = names.compactMap(ContentHash.init(hex:))
        guard documents.count == names.count else { throw fields.missing("documents") }
        self.init(documents: documents, fields: try fields.texts("fields"), by: try fields.text("by"), reason: try fields.optionalText("reason"))
    }
}
