import Testing
import WorkflowModel

@Suite struct NodePathTests {
    @Test(
        arguments: [
            ("draft", "draft", nil, nil, "draft"),
            ("draft[3]", "draft", 3, "draft", "[3]"),
            ("review/draft", "review/draft", nil, "review", "draft"),
            ("review[2]/draft", "review/draft", nil, "review[2]", "draft"),
            ("review[2]/polish[10]/draft[7]", "review/polish/draft", 7, "review[2]/polish[10]/draft", "[7]"),
        ] as [(String, String, Int?, String?, String)])
    func partsOfAPath(path: String, step: String, index: Int?, parent: String?, name: String) {
        #expect(NodePath.step(path) == step)
        #expect(NodePath.index(path) == index)
        #expect(NodePath.parent(path) == parent)
        #expect(NodePath.name(path) == name)
    }

    /// From any node the way up ends at the top, and every part is the name of one place on it.
    @Test func everyPathIsTheNamesOnItsWayUp() {
        for steps in [["a"], ["a", "b"], ["a1", "b_2", "c3"]] {
            for indices in 0..<8 {
                let path = steps.enumerated().map { number, id in indices >> number & 1 == 1 ? "\(id)[\(number * 11)]" : id }.joined(separator: "/")
                var names: [String] = []
                var place: String? = path
                while let here = place {
                    names.append(NodePath.name(here))
                    place = NodePath.parent(here)
                }
                let rebuilt = names.reversed().reduce("") { $0.isEmpty ? $1 : $1.hasPrefix("[") ? $0 + $1 : "\($0)/\($1)" }
                #expect(rebuilt == path)
                #expect(NodePath.step(path) == steps.joined(separator: "/"))
                #expect(NodePath.step(NodePath.step(path)) == NodePath.step(path))
            }
        }
    }
}
