// swift-tools-version: 6.2
import PackageDescription

// The manifest is the architecture page: rooms are listed storey by storey, and a room may
// depend on rooms of lower storeys only. See Docs/Architecture.md for the picture in words.

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    // An async function runs where its caller runs: a call's road has no hops between threads.
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
    name: "agentctl",
    products: [.executable(name: "agentctl", targets: ["agentctl"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
    ],
    targets: [
        // Storey 5

        .executableTarget(
            /** Commands, settings, the terminal, exit codes, and the wiring in one file (Composition.swift) */
            name: "agentctl",
            dependencies: [
                "Bundles", "Economics", "Engine", "Expressions", "HTTP", "JSONSchema", "Ledger", "PromptCaching", "Providers", "Reports", "Tools", "Values",
                "WorkflowLoading", "WorkflowModel",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            resources: [.embedInCode("Templates/minimal"), .embedInCode("Templates/triage"), .embedInCode("Templates/batch")],
            swiftSettings: strict,
            // A fixed address spares the loader 130,000 relocations at every start; what is not called is left out.
            linkerSettings: [
                .unsafeFlags(["-Xclang-linker", "-no-pie", "-Xlinker", "--gc-sections", "-Xlinker", "-s"], .when(configuration: .release))
            ]),

        // Storey 3

        .target(
            /** YAML text -> checked WorkflowGraph, and the project file */
            name: "WorkflowLoading",
            dependencies: ["CYAML", "Economics", "Expressions", "JSONSchema", "PromptCaching", "Values", "WorkflowModel"],
            swiftSettings: strict),
        .target(
            /** State machines, scheduler, planner */
            name: "Engine",
            dependencies: ["Economics", "Expressions", "JSONSchema", "PromptCaching", "Values", "WorkflowModel"],
            swiftSettings: strict),
        .target(
            /** Model APIs: wire formats, error classes, usage normalisation */
            name: "Providers",
            dependencies: ["Economics", "HTTP", "JSONSchema", "PromptCaching", "Values", "WorkflowModel"],
            swiftSettings: strict),
        .target(
            /** Commands run as steps, and the managed model servers */
            name: "Tools",
            dependencies: ["HTTP", "Values", "WorkflowModel", .product(name: "Subprocess", package: "swift-subprocess")],
            swiftSettings: strict),
        .target(
            /** SQLite journal, its queries and its migrations */
            name: "Ledger",
            dependencies: [
                "CSQLite", "Economics", "Values", "WorkflowModel",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .target(
            /** One run in one file: written, proved, read */
            name: "Bundles", dependencies: ["Economics", "Values", "WorkflowModel"], swiftSettings: strict),
        .target(
            /** Pure functions: records -> tables, trees, JSON, CSV */
            name: "Reports",
            dependencies: ["Economics", "PromptCaching", "Values", "WorkflowModel"],
            swiftSettings: strict),

        // Storey 2

        .target(
            /** The checked graph, events, commands, records, and the seams between rooms */
            name: "WorkflowModel",
            dependencies: ["Values", "Expressions", "JSONSchema", "Economics", "PromptCaching"],
            swiftSettings: strict),

        // Storey 1

        .target(
            /** CEL expressions and ${{ }} templates */
            name: "Expressions", dependencies: ["Values"], swiftSettings: strict),
        .target(
            /** JSON Schema 2020-12 validation */
            name: "JSONSchema", dependencies: ["Values"], swiftSettings: strict),
        .target(
            /** Money, usage, dated prices, reservation bounds */
            name: "Economics",
            dependencies: ["CPriceCatalogue", "Values"],
            swiftSettings: strict),
        .target(
            /** Prompt segments and their stability classes; where prefixes are marked, and what caches save */
            name: "PromptCaching", dependencies: ["CCacheTable", "Values"], swiftSettings: strict),
        .target(
            /** libcurl on one event loop: requests, streaming, server-sent events */
            name: "HTTP", dependencies: ["CCurl", "Values"], swiftSettings: strict),

        // Storey 0

        .target(
            /** JSON with key order and exact integers, hashes, diagnostics, durations, timestamps, secrets and what keeps them out of text */
            name: "Values",
            dependencies: [
                .product(name: "Crypto", package: "swift-crypto")
            ],
            swiftSettings: strict),

        // The system libraries

        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        /** libcurl, loaded when it is needed */
        .target(name: "CCurl"),

        // Data

        /** The list prices of models, in the program as the file has them; `Tests/Conformance/catalogue.py` makes them */
        .target(name: "CPriceCatalogue", exclude: ["prices.jsonl"]),
        /** How prompt caches work, by provider and model, likewise */
        .target(name: "CCacheTable", exclude: ["cache-rules.jsonl"]),

        // Tests

        .target(
            /** Fakes, named after what they fake */
            name: "TestSupport",
            dependencies: ["Economics", "Engine", "StubServer", "Values", "WorkflowLoading", "WorkflowModel"],
            path: "Tests/TestSupport", swiftSettings: strict),
        .target(
            /** A model server that misbehaves on request, over real sockets */
            name: "StubServer", dependencies: ["Values"], path: "Tests/StubServer", swiftSettings: strict),
        .executableTarget(
            /** The fake model server as a program, for benchmarks and for trying things by hand */
            name: "stub-model-server", dependencies: ["StubServer"], path: "Tests/StubModelServer", swiftSettings: strict),
        .executableTarget(
            /** Made and broken inputs for every reader: `make fuzz` */
            name: "fuzz", dependencies: ["Economics", "Expressions", "JSONSchema", "Providers", "Values", "WorkflowLoading", "WorkflowModel"], path: "Tests/Fuzz", swiftSettings: strict),
        .executableTarget(
            /** What expressions, templates, schemas and prices cost, for `make bench` */
            name: "language-bench", dependencies: ["Economics", "Expressions", "JSONSchema", "PromptCaching", "Values"], path: "Tests/Benchmarks/Language", swiftSettings: strict),
        .testTarget(name: "ValuesTests", dependencies: ["Values"], swiftSettings: strict),
        .testTarget(name: "PromptCachingTests", dependencies: ["PromptCaching", "TestSupport", "Values"], swiftSettings: strict),
        .testTarget(name: "ExpressionsTests", dependencies: ["Expressions", "Values"], swiftSettings: strict),
        .testTarget(name: "JSONSchemaTests", dependencies: ["JSONSchema", "Values"], swiftSettings: strict),
        .testTarget(name: "EconomicsTests", dependencies: ["Economics", "Values"], swiftSettings: strict),
        .testTarget(name: "HTTPTests", dependencies: ["HTTP", "TestSupport", "Values"], swiftSettings: strict),
        .testTarget(name: "ToolsTests", dependencies: ["Tools", "HTTP", "TestSupport", "Values", "WorkflowModel"], swiftSettings: strict),
        .testTarget(
            name: "WorkflowModelTests", dependencies: ["WorkflowModel", "Economics", "PromptCaching", "TestSupport", "Values"], swiftSettings: strict),
        .testTarget(
            name: "WorkflowLoadingTests",
            dependencies: ["WorkflowLoading", "WorkflowModel", "Economics", "Expressions", "JSONSchema", "TestSupport", "Values"],
            swiftSettings: strict),
        .testTarget(
            name: "EngineTests",
            dependencies: ["Engine", "TestSupport", "WorkflowLoading", "WorkflowModel", "Economics", "PromptCaching", "Values"],
            swiftSettings: strict),
        .testTarget(name: "ProvidersTests", dependencies: ["Providers", "HTTP", "TestSupport", "WorkflowLoading"], swiftSettings: strict),
        .testTarget(
            name: "LedgerTests",
            dependencies: ["Ledger", "Economics", "PromptCaching", "Reports", "TestSupport", "Values", "WorkflowModel", .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: strict),
        .testTarget(name: "BundlesTests", dependencies: ["Bundles", "Economics", "Engine", "TestSupport", "Values", "WorkflowLoading", "WorkflowModel"], swiftSettings: strict),
        .testTarget(name: "ReportsTests", dependencies: ["Reports", "Economics", "PromptCaching", "TestSupport", "Values", "WorkflowModel"], swiftSettings: strict),
        .testTarget(
            /** The program as users run it: a real process, real sockets, a real ledger file */
            name: "CommandTests",
            dependencies: [
                "Ledger", "TestSupport", "Tools", "Values", "WorkflowModel", .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            swiftSettings: strict),
    ]
)
