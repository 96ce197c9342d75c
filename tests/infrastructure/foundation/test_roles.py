"""Each role may do what its holder needs, and says why."""

import json
from itertools import pairwise

from tests.infrastructure.resources import ROOT, Resources, listed, of_type, statements

UNNARROWED = {"ecr:GetAuthorizationToken"}


def test_no_role_has_a_wildcard_but_where_aws_names_nothing_narrower(laid: Resources) -> None:
    roles = of_type(laid, "AWS::IAM::Role")
    assert len(roles) == 4
    for name, role in roles.items():
        assert "ManagedPolicyArns" not in role["Properties"], name
        for statement in statements(role["Properties"]["Policies"]):
            actions = listed(statement["Action"])
            assert not [action for action in actions if "*" in action], name
            assert statement["Resource"] != "*" or set(actions) <= UNNARROWED, name


def test_each_statement_has_its_reason_beside_it() -> None:
    lines = (ROOT / "infra/foundation.yaml").read_text().splitlines()
    for number, (above, line) in enumerate(pairwise(lines), start=2):
        if "Effect:" in line:
            assert " # " in line + above or "Sid: " in above, f"line {number}: {line.strip()}"


def test_services_take_their_roles_for_this_account_alone(laid: Resources) -> None:
    for name, role in of_type(laid, "AWS::IAM::Role").items():
        (trust,) = statements(role["Properties"]["AssumeRolePolicyDocument"])
        if trust["Principal"]["Service"] != "lambda.amazonaws.com":  # Lambda sends no account
            assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}, name


def test_only_cognito_s_own_pool_calls_the_trigger(laid: Resources) -> None:
    permission = laid["TenantClaimPermission"]["Properties"]
    assert permission["Principal"] == "cognito-idp.amazonaws.com"
    assert permission["SourceArn"] == {"Fn::GetAtt": ["Users", "Arn"]}


def test_tokens_are_for_machines_with_a_secret_and_no_client_has_tenants_and_a_tenant(laid: Resources) -> None:
    clients = of_type(laid, "AWS::Cognito::UserPoolClient")
    for name, client in clients.items():
        properties = client["Properties"]
        assert properties["GenerateSecret"] is True, name
        assert properties["AllowedOAuthFlows"] == ["client_credentials"], name
    scopes = {name: client["Properties"]["AllowedOAuthScopes"] for name, client in clients.items()}
    assert scopes == {"AdminClient": ["twin/admin"], "FirstClient": ["twin/read", "twin/write"]}
    assert [scope["ScopeName"] for scope in laid["Scopes"]["Properties"]["Scopes"]] == ["read", "write", "admin"]


def test_the_claim_reaches_access_tokens_of_machines(laid: Resources) -> None:
    pool = laid["Users"]["Properties"]
    trigger = pool["LambdaConfig"]["PreTokenGenerationConfig"]
    assert (trigger["LambdaVersion"], pool["UserPoolTier"]) == ("V3_0", "ESSENTIALS")
    assert "PreTokenGeneration" not in json.dumps(pool["LambdaConfig"]).replace("PreTokenGenerationConfig", "")
