"""Run by test_kit_flutter.py where tree-sitter-dart is: prints what is no Dart.

Words: files. One line for each place that the grammar does not know.
"""

import sys
from pathlib import Path


def main(paths):
    # Here, as pytest imports every module of the tests, also where this is missing.
    import tree_sitter
    import tree_sitter_dart

    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_dart.language()))
    for path in paths:
        nodes = [parser.parse(Path(path).read_bytes()).root_node]
        while nodes:
            node = nodes.pop()
            if node.type == "ERROR" or node.is_missing:
                print(f"{path}:{node.start_point[0] + 1}: {node.type}")
            nodes += node.children


if __name__ == "__main__":
    main(sys.argv[1:])
