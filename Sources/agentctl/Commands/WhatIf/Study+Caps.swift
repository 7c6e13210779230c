import Economics
import Engine
import Values
import WorkflowModel

extension Study {
    /// Holds the recorded reservations of each run against another cap.
    func holdCaps(_ alternative: Alternative, _ terms: RecordedPricing.Terms, _ pricing: RecordedPricing, _ index: Int, _ whatIf: inout WhatIf) async throws {
        var caps = WhatIfResult.Caps()
        for (id, cost) in seen {
            let run = RunID(id)
            let replays = [alternative.maxCost.map { CapReplay(run: run, maxCost: $0) }, alternative.maxTokens.map { CapReplay(run: run, maxTokens: $0) }]
            var (money, tokens) = (replays[0], replays[1])
            var isEmpty = true
            try await archive.forEachEvent(of: id, EventFilter(kinds: CapReplay.kinds)) { event in
                isEmpty = false
                try money?.add(event)
                try tokens?.add(event)
            }
            if isEmpty {
                caps.unread += 1
                continue
            }
            let ended = [money, tokens].compactMap(\.self)
            // Where it is refused by what is known, what is not known changes nothing of that.
            if ended.contains(where: \.lacksHolds), ended.allSatisfy({ $0.refused == nil }) {
                caps.withoutHolds += 1
                continue
            }
            caps.runs += 1
            // Of two caps the one that refuses first.
            let refused = ended.filter { $0.refused != nil }.min { $0.refused!.call < $1.refused!.call }
            let asides = ended.reduce(into: Set<Int>()) { $0.formUnion($1.asides) }
            if let refused {
                caps.refused += 1
                caps.steps[refused.refused!.step, default: 0] += 1
                if alternative.maxCost == nil { caps.isUnbounded = true }
            } else if ended.contains(where: \.wasRefused) {
                caps.admitted += 1
                if let cap = alternative.maxCost { caps.slack = caps.slack + max(.zero, MoneySum(cap) - cost) } else { caps.isUnbounded = true }
            }
            caps.asides += asides.count
            guard refused != nil || !asides.isEmpty else { continue }
            var (begun, behind) = (MoneySum.zero, MoneySum.zero)
            try await archive.forEachRecordedCall(AuditFilter(), runs: [id]) { calls in
                for call in calls {
                    let number = Int(call.position.number)
                    let amount: Money? =
                        switch pricing.priced(call, on: [terms]).others[0] {
                        case .priced(let cost), .assumed(let cost): cost
                        case .kept(let cost, _): cost
                        }
                    guard let amount else { continue }
                    let less = MoneySum.zero - MoneySum(amount)
                    if asides.contains(number) {
                        whatIf.add(WhatIfResult.Cost(less), to: index, workflow: call.workflow, step: call.step)
                    } else if refused?.begun.contains(number) != false {
                        begun.add(amount)
                    } else {
                        behind.add(amount)
                        whatIf.add(WhatIfResult.Cost(less, .zero), to: index, workflow: call.workflow, step: call.step)
                    }
                }
            }
            // What the cap leaves behind what was begun, in place of what the run did behind that.
            if refused != nil, let cap = alternative.maxCost { caps.slack = caps.slack + max(.zero, MoneySum(cap) - begun) - behind }
        }
        whatIf.set(caps, of: index)
    }
}
