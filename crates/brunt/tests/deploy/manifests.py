"""YAML for the tests of deploy/: as JSON, and Kubernetes' objects against its own schemas.

manifests.py json FILE        every document of the file, as a JSON array
manifests.py validate FILE..  prints the kinds that Kubernetes itself has no schema of; ends with 1 and says
                              where an object is not valid, for each of the versions below
"""

import json
import sys

import yaml

VERSIONS = ["1.33", "1.37"]


def documents(path):
    with open(path, encoding="utf-8") as file:
        return [document for document in yaml.safe_load_all(file) if document is not None]


def validate(paths):
    import kubernetes_validate as kubernetes

    unknown, wrong = set(), []
    for path in paths:
        for document in documents(path):
            for version in VERSIONS:
                try:
                    kubernetes.validate(document, version, strict=True)
                except kubernetes.SchemaNotFoundError:
                    unknown.add(document["kind"])
                except kubernetes.ValidationError as error:
                    wrong.append(f"{path}: {document['kind']}, {version}: {error.message}")
    print(json.dumps(sorted(unknown)))
    if wrong:
        sys.exit("\n".join(wrong))


if sys.argv[1] == "json":
    print(json.dumps(documents(sys.argv[2]), default=str))
else:
    validate(sys.argv[2:])
