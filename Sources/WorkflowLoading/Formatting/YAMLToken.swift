import CYAML

/// A token of a YAML text as libyaml's scanner sees it, by its place in the text.
struct YAMLToken {
    enum Kind {
        case directive, documentStart, documentEnd
        case blockSequenceStart, blockMappingStart, blockEnd
        case flowSequenceStart, flowSequenceEnd, flowMappingStart, flowMappingEnd
        case blockEntry, flowEntry, key, value
        case alias, anchor, tag
        case plain, singleQuoted, doubleQuoted, block
    }

    let kind: Kind
    /// Offsets in Unicode scalars. Empty for what the scanner adds: starts and ends of blocks, keys without `?`.
    let range: Range<Int>
    /// What a scalar says.
    let text: String

    var isFlowStart: Bool { kind == .flowSequenceStart || kind == .flowMappingStart }
    var isFlowEnd: Bool { kind == .flowSequenceEnd || kind == .flowMappingEnd }

    /// The tokens of a text without their comments, which libyaml drops; `nil` when it is not YAML.
    static func scan(_ text: String) -> [YAMLToken]? {
        var parser = yaml_parser_t()
        guard yaml_parser_initialize(&parser) == 1 else { return nil }
        defer { yaml_parser_delete(&parser) }
        let bytes = Array(text.utf8)
        return bytes.withUnsafeBufferPointer { buffer -> [YAMLToken]? in
            yaml_parser_set_input_string(&parser, buffer.baseAddress, buffer.count)
            yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
            var tokens: [YAMLToken] = []
            while true {
                var token = yaml_token_t()
                guard yaml_parser_scan(&parser, &token) == 1 else { return nil }
                defer { yaml_token_delete(&token) }
                if token.type == YAML_STREAM_END_TOKEN { return tokens }
                guard let kind = kind(of: token) else { continue }
                var text = ""
                if token.type == YAML_SCALAR_TOKEN {
                    text = String(decoding: UnsafeBufferPointer(start: token.data.scalar.value, count: token.data.scalar.length), as: UTF8.self)
                }
                tokens.append(YAMLToken(kind: kind, range: Int(token.start_mark.index)..<Int(token.end_mark.index), text: text))
            }
        }
    }

    private static func kind(of token: yaml_token_t) -> Kind? {
        switch token.type {
        case YAML_VERSION_DIRECTIVE_TOKEN, YAML_TAG_DIRECTIVE_TOKEN: return .directive
        case YAML_DOCUMENT_START_TOKEN: return .documentStart
        case YAML_DOCUMENT_END_TOKEN: return .documentEnd
        case YAML_BLOCK_SEQUENCE_START_TOKEN: return .blockSequenceStart
        case YAML_BLOCK_MAPPING_START_TOKEN: return .blockMappingStart
        case YAML_BLOCK_END_TOKEN: return .blockEnd
        case YAML_FLOW_SEQUENCE_START_TOKEN: return .flowSequenceStart
        case YAML_FLOW_SEQUENCE_END_TOKEN: return .flowSequenceEnd
        case YAML_FLOW_MAPPING_START_TOKEN: return .flowMappingStart
        case YAML_FLOW_MAPPING_END_TOKEN: return .flowMappingEnd
        case YAML_BLOCK_ENTRY_TOKEN: return .blockEntry
        case YAML_FLOW_ENTRY_TOKEN: return .flowEntry
        case YAML_KEY_TOKEN: return .key
        case YAML_VALUE_TOKEN: return .value
        case YAML_ALIAS_TOKEN: return .alias
        case YAML_ANCHOR_TOKEN: return .anchor
        case YAML_TAG_TOKEN: return .tag
        case YAML_SCALAR_TOKEN:
            switch token.data.scalar.style {
            case YAML_SINGLE_QUOTED_SCALAR_STYLE: return .singleQuoted
            case YAML_DOUBLE_QUOTED_SCALAR_STYLE: return .doubleQuoted
            case YAML_LITERAL_SCALAR_STYLE, YAML_FOLDED_SCALAR_STYLE: return .block
            default: return .plain
            }
        default: return nil
        }
    }
}
