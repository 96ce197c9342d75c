"""Who reaches whom: no NAT, nobody from outside, and each way in or out with its port."""

import json

from tests.infrastructure.resources import Resources, of_type

ANYWHERE = {"0.0.0.0/0", "::/0"}


def test_there_is_no_nat_and_no_address_that_costs(laid: Resources) -> None:
    kinds = {resource["Type"] for resource in laid.values()}
    assert not kinds & {"AWS::EC2::NatGateway", "AWS::EC2::EIP", "AWS::RDS::DBProxy"}
    interfaces = [e for e in of_type(laid, "AWS::EC2::VPCEndpoint").values() if "SubnetIds" in e["Properties"]]
    assert [len(endpoint["Properties"]["SubnetIds"]) for endpoint in interfaces] == [1]


def test_the_private_subnets_have_no_way_out_but_the_endpoints(laid: Resources) -> None:
    routes = [route["Properties"] for route in of_type(laid, "AWS::EC2::Route").values()]
    assert [route["RouteTableId"] for route in routes] == [{"Ref": "PublicRoutes"}]
    tables = {
        one["Properties"]["SubnetId"]["Ref"]: one["Properties"]["RouteTableId"]["Ref"]
        for one in of_type(laid, "AWS::EC2::SubnetRouteTableAssociation").values()
    }
    assert tables == {
        "PublicA": "PublicRoutes", "PublicB": "PublicRoutes", "PrivateA": "PrivateRoutes", "PrivateB": "PrivateRoutes",
    }  # fmt: skip
    assert {"Ref": "PrivateRoutes"} in laid["S3Endpoint"]["Properties"]["RouteTableIds"]


def test_nobody_calls_in_but_by_a_group_and_a_port(laid: Resources) -> None:
    inward = [rule["Properties"] for rule in of_type(laid, "AWS::EC2::SecurityGroupIngress").values()]
    ways = {(r["SourceSecurityGroupId"]["Ref"], r["GroupId"]["Ref"], r["FromPort"], r["ToPort"]) for r in inward}
    assert ways == {
        ("FunctionsGroup", "PostgresGroup", 5432, 5432),
        ("FunctionsGroup", "QdrantGroup", 6333, 6333),
        ("FunctionsGroup", "EndpointGroup", 443, 443),
        ("QdrantGroup", "EndpointGroup", 443, 443),
    }
    for name, group in of_type(laid, "AWS::EC2::SecurityGroup").items():
        assert "SecurityGroupIngress" not in group["Properties"], name


def test_what_goes_out_goes_to_a_port(laid: Resources) -> None:
    for name, group in of_type(laid, "AWS::EC2::SecurityGroup").items():
        for rule in group["Properties"]["SecurityGroupEgress"]:
            if rule.get("CidrIp") in ANYWHERE:
                assert (rule["FromPort"], rule["ToPort"]) == (443, 443), name


def test_postgresql_is_private_and_only_qdrant_and_the_training_stand_in_public_subnets(laid: Resources) -> None:
    assert laid["PostgresInstance"]["Properties"]["PubliclyAccessible"] is False
    assert laid["PostgresSubnets"]["Properties"]["SubnetIds"] == [{"Ref": "PrivateA"}, {"Ref": "PrivateB"}]
    public = [name for name, one in laid.items() if '"PublicA"' in json.dumps(one.get("Properties", {}))]
    assert sorted(public) == ["QdrantService", "RoutesOfPublicA"]
