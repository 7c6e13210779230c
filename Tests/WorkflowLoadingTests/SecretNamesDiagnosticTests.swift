import TestSupport
import Testing
import Values

@testable import WorkflowLoading

/// The names of secrets, where they are read and where they are not. Each diagnostic as it is printed.
@Suite struct SecretNamesDiagnosticTests {
    @Test func secretsWhereTheyAreNotRead() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                secrets: [kb]
                models: { small: { use: local/small } }
                prefixes: { p: { text: "${{ secrets.kb }}" } }
                steps:
                  - { id: a, model: small, prefix: p, prompt: "Say ${{ secrets.kb }}", with: { k: "${{ secrets.kb }}" } }
                  - { id: b, run: [x, "${{ secrets.kb }}"], env: { K: "${{ secrets.kb }}" }, when: secrets.kb == 'x' }
                  - { id: c, run: [x], with: { k: "${{ secrets.bk }}" } }
                  - { id: d, value: secrets.kb }
                  - { id: e, run: [x, "${{ with.k }}"], with: { k: "${{ secrets.kb }}" } }
                outputs: { k: "${{ secrets.kb }}" }
                """#,
            #"""
            w.yaml:5:29: error[AW203]: no secret is read here: 'secrets.kb'
                |
              5 | prefixes: { p: { text: "${{ secrets.kb }}" } }
                |                             ^^^^^^^^^^
              hint: secrets are read under 'with' of run and tool steps, never in a prompt

            w.yaml:7:56: error[AW203]: no secret is read here: 'secrets.kb'
                |
              7 | …del: small, prefix: p, prompt: "Say ${{ secrets.kb }}", with: { k: "${{ secrets.kb }}" } }
                |                                          ^^^^^^^^^^
              hint: secrets are read under 'with' of run and tool steps, never in a prompt

            w.yaml:7:88: error[AW203]: no secret is read here: 'secrets.kb'
                |
              7 | …del: small, prefix: p, prompt: "Say ${{ secrets.kb }}", with: { k: "${{ secrets.kb }}" } }
                |                                                                          ^^^^^^^^^^
              hint: secrets are read under 'with' of run and tool steps, never in a prompt

            w.yaml:8:28: error[AW203]: no secret is read here: 'secrets.kb'
                |
              8 |   - { id: b, run: [x, "${{ secrets.kb }}"], env: { K: "${{ secrets.kb }}" }, when: secrets…
                |                            ^^^^^^^^^^
              hint: secrets are read under 'with' of run and tool steps, never in a prompt

            w.yaml:8:60: error[AW203]: no secret is read here: 'secrets.kb'
                |
              8 | … run: [x, "${{ secrets.kb }}"], env: { K: "${{ secrets.kb }}" }, when: secrets.kb == 'x' }
                |                                                 ^^^^^^^^^^
              hint: secrets are read under 'with' of run and tool steps, never in a prompt

            w.yaml:8:84: error[AW203]: no secret is read here: 'secrets.kb'
                |
              8 | … run: [x, "${{ secrets.kb }}"], env: { K: "${{ secrets.kb }}" }, when: secrets.kb == 'x' }
                |                                                                         ^^^^^^^^^^
              hint: secrets are read under 'with' of run and tool steps, never in a prompt

            w.yaml:9:40: error[AW203]: there is no secret 'bk'
                |
              9 |   - { id: c, run: [x], with: { k: "${{ secrets.bk }}" } }
                |                                        ^^^^^^^^^^
              hint: did you mean 'kb'?

            w.yaml:10:21: error[AW203]: no secret is read here: 'secrets.kb'
                 |
              10 |   - { id: d, value: secrets.kb }
                 |                     ^^^^^^^^^^
              hint: secrets are read under 'with' of run and tool steps, never in a prompt

            w.yaml:12:20: error[AW203]: no secret is read here: 'secrets.kb'
                 |
              12 | outputs: { k: "${{ secrets.kb }}" }
                 |                    ^^^^^^^^^^
              hint: secrets are read under 'with' of run and tool steps, never in a prompt
            """#)
    }

    @Test func aSecretThatTheProjectDoesNotDeclare() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                secrets: [kb, kb_tokn]
                steps:
                  - { id: a, value: "1" }
                """#, secrets: ["kb_token", "mail"],
            #"""
            w.yaml:3:11: error[AW202]: there is no secret 'kb'
                |
              3 | secrets: [kb, kb_tokn]
                |           ^^
              hint: declared: kb_token, mail

            w.yaml:3:15: error[AW202]: there is no secret 'kb_tokn'
                |
              3 | secrets: [kb, kb_tokn]
                |               ^^^^^^^
              hint: did you mean 'kb_token'?
            """#)
    }

    @Test func aSecretWithoutAnyInTheProject() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                secrets: kb
                steps:
                  - { id: a, run: [x], with: { k: "${{ secrets.kb }}" } }
                """#, secrets: [],
            #"""
            w.yaml:3:10: error[AW202]: there is no secret 'kb'
                |
              3 | secrets: kb
                |          ^^
              hint: none is declared under secrets of the project file
            """#)
    }
}
